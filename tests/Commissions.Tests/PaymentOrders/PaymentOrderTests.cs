using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Xml.Linq;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.PaymentOrders;

public sealed class PaymentOrderTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    private const string German = "DE89370400440532013000";
    private const string British = "GB82WEST12345698765432";
    private static readonly XNamespace Pain = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";

    [Fact]
    public async Task What_is_due_is_ordered_once_and_the_bank_is_told_the_same_each_time()
    {
        var branch = await app.BranchAsync();
        var second = await app.PartnerAsync(branch.Platform, branch.Distributor);
        var third = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        foreach (var (partner, net) in new[] { (branch.Partner, "1000.00"), (second, "123.40"), (third, "70.00") })
        {
            await SchemeAsync(platform, partner, [Tier("0", null, "10")], validFrom: "2025-06");
            app.Invoices.Issue("2025-06", partner == branch.Partner ? branch.Tenant : await app.TenantAsync(branch.Platform, partner), net);
        }

        await CloseAsync(platform, "2025-06");
        (await OrderAsync(platform, "EUR")).ShouldBe((HttpStatusCode.Conflict, "platform_account_missing"));
        using var own = branch.As(Roles.PartnerAdministrator);
        var account = await Sent(await AccountAsync(own, branch.Partner, "Müller & Söhne Straße", $"de89 {German[4..]}", "deutdeff"));
        (account.GetProperty("iban").GetString(), account.GetProperty("bic").GetString()).ShouldBe(("DE…3000", "DEUTDEFF"));
        await Sent(await AccountAsync(platform, branch.Platform, "Platform", British));
        await Sent(await AccountAsync(platform, second, "Second", British));
        (await OrderAsync(platform, "USD")).ShouldBe((HttpStatusCode.Conflict, "nothing_to_pay"));
        (await OrderAsync(platform, "EUR", "2026-01-14")).ShouldBe((HttpStatusCode.UnprocessableEntity, "executes_in_past"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => PostAsync(platform, "EUR", "2026-01-16")));
        var ordered = await Sent(answers.Single(x => x.StatusCode == HttpStatusCode.Created));
        foreach (var other in answers.Where(x => x.StatusCode != HttpStatusCode.Created))
            (await other.CodeAsync()).ShouldBe("nothing_to_pay");
        ordered.GetProperty("withoutAccount").GetInt64().ShouldBe(1);
        var order = ordered.GetProperty("order");
        (Amount(order, "total"), order.GetProperty("payouts").GetInt32(), order.GetProperty("executesOn").GetString())
            .ShouldBe(("112.34", 2, "2026-01-16"));
        var path = $"/api/v1/commissions/payment-orders/{order.GetProperty("id").GetString()}";
        answers.Single(x => x.StatusCode == HttpStatusCode.Created).Headers.Location!.ToString().ShouldBe(path);
        (await Sent(await platform.GetAsync(path))).GetRawText().ShouldBe(order.GetRawText());
        (await ItemsAsync(platform, "/api/v1/commissions/payment-orders")).Select(x => x.GetRawText()).ShouldContain(order.GetRawText());

        var file = await FileAsync(platform, path, "application/xml");
        // Whatever changes afterwards, the file is what the bank was given.
        await Sent(await AccountAsync(platform, second, "Somebody else", German));
        (await FileAsync(platform, path, "application/xml")).ShouldBe(file);
        Check(XDocument.Parse(file), order.GetProperty("id").GetGuid());
        var rows = (await FileAsync(platform, path, "text/csv")).TrimEnd().Split("\r\n");
        rows[0].ShouldBe("position,payoutId,holder,iban,bic,amount,currency,executesOn,remittance");
        rows.Skip(1).Select(x => string.Join(',', x.Split(',')[2..8])).ShouldBe(
            [$"Müller & Söhne Straße,{German},DEUTDEFF,100.00,EUR,2026-01-16", $"Second,{British},,12.34,EUR,2026-01-16"], ignoreOrder: true);

        // Only what has failed is ordered again.
        var payout = (await ItemsAsync(platform, $"/api/v1/commissions/payouts?organizationId={second.Id.Value}")).ShouldHaveSingleItem();
        payout.GetProperty("state").GetString().ShouldBe("Ordered");
        var failed = $"/api/v1/commissions/payouts/{payout.GetProperty("id").GetString()}/failed";
        (await (await platform.PostAsJsonAsync(failed, new { reason = "Closed" })).CodeAsync()).ShouldBe("ordered_elsewhere");
        var news = new { reason = "Closed", orderId = order.GetProperty("id").GetGuid() };
        await Sent(await platform.PostAsJsonAsync(failed, news));
        await Sent(await platform.PostAsJsonAsync(failed, news));
        var again = (await Sent(await PostAsync(platform, "EUR"))).GetProperty("order");
        (Amount(again, "total"), again.GetProperty("executesOn").GetString()).ShouldBe(("12.34", "2026-01-15"));
        (await FileAsync(platform, path, "application/xml")).ShouldBe(file);
        // What came of the first order says nothing of the second, which is under way.
        (await (await platform.PostAsJsonAsync(failed, news)).CodeAsync()).ShouldBe("ordered_elsewhere");
        (await PostAsync(platform, "EUR")).StatusCode.ShouldBe(HttpStatusCode.Conflict);

        (await own.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await (await platform.GetAsync($"/api/v1/commissions/payment-orders/{branch.Partner.Id.Value}")).CodeAsync())
            .ShouldBe("payment_order_not_found");
    }

    [Fact]
    public async Task Where_somebody_is_paid_is_his_own_matter_and_that_of_those_above()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var stranger = other.As(Roles.DistributorAdministrator);
        (await (await AccountAsync(stranger, branch.Partner, "Mine", German)).CodeAsync()).ShouldBe("organization_not_found");
        (await (await AccountAsync(partner, branch.Distributor, "Mine", German)).CodeAsync()).ShouldBe("organization_not_found");
        (await AccountAsync(branch.As(Roles.PartnerReader), branch.Partner, "Mine", German)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        foreach (var (holder, iban, bic, error) in new[]
        {
            ("", German, null, "/holder"), ("Mine", "DE88370400440532013000", null, "/iban not_an_iban"),
            ("Mine", German, "DEUT", "/bic not_a_bic"),
        })
            (await (await AccountAsync(partner, branch.Partner, holder, iban, bic)).JsonAsync()).GetProperty("errors").EnumerateArray()
                .Select(x => $"{x.GetProperty("pointer").GetString()} {x.GetProperty("code").GetString()}").ShouldHaveSingleItem()
                .ShouldStartWith(error);
        using var platform = branch.Administrator();
        (await (await AccountAsync(platform, branch.Tenant, "Mine", German)).JsonAsync()).GetProperty("errors")[0].GetProperty("code").GetString()
            .ShouldBe("earns_no_commission");

        var path = $"/api/v1/commissions/bank-accounts/{branch.Partner.Id.Value}";
        (await (await partner.GetAsync(path)).CodeAsync()).ShouldBe("bank_account_not_found");
        await Sent(await AccountAsync(partner, branch.Partner, "Mine", German));
        (await Sent(await partner.GetAsync(path))).GetProperty("holder").GetString().ShouldBe("Mine");
        (await stranger.GetAsync(path)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var trail = await (await platform.GetAsync("/api/v1/audit?resourceType=bank_account")).Content.ReadAsStringAsync();
        trail.ShouldContain(branch.Partner.Id.Value.ToString());
        trail.ShouldNotContain(German[4..]);
    }

    private static void Check(XDocument file, Guid order)
    {
        var transfer = file.Root!.Element(Pain + "CstmrCdtTrfInitn")!;
        var (header, block) = (transfer.Element(Pain + "GrpHdr")!, transfer.Elements(Pain + "PmtInf").ShouldHaveSingleItem());
        header.Elements().Select(x => x.Name.LocalName).ShouldBe(["MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty"]);
        header.Element(Pain + "MsgId")!.Value.ShouldBe(order.ToString("N"));
        // In the order of the schema, which is a sequence.
        block.Elements().Select(x => x.Name.LocalName).Distinct().ShouldBe(
        [
            "PmtInfId", "PmtMtd", "NbOfTxs", "CtrlSum", "PmtTpInf", "ReqdExctnDt", "Dbtr", "DbtrAcct", "DbtrAgt", "ChrgBr", "CdtTrfTxInf",
        ]);
        var payments = block.Elements(Pain + "CdtTrfTxInf").ToList();
        foreach (var sums in new[] { header, block })
            (sums.Element(Pain + "NbOfTxs")!.Value, sums.Element(Pain + "CtrlSum")!.Value).ShouldBe(("2", "112.34"));
        payments.Sum(x => decimal.Parse(x.Descendants(Pain + "InstdAmt").Single().Value)).ShouldBe(112.34m);
        payments.Select(x => x.Descendants(Pain + "InstdAmt").Single().Attribute("Ccy")!.Value).Distinct().ShouldBe(["EUR"]);
        payments.Select(x => x.Element(Pain + "Cdtr")!.Value).ShouldBe(["Muller + Sohne Strasse", "Second"], ignoreOrder: true);
        foreach (var payment in payments)
        {
            string[] expected = payment.Element(Pain + "CdtrAgt") is null
                ? ["PmtId", "Amt", "Cdtr", "CdtrAcct", "RmtInf"]
                : ["PmtId", "Amt", "CdtrAgt", "Cdtr", "CdtrAcct", "RmtInf"];
            payment.Elements().Select(x => x.Name.LocalName).ShouldBe(expected);
            payment.Descendants(Pain + "EndToEndId").Single().Value.ShouldMatch("^[0-9A-F]{20}-[12]$");
            payment.Descendants(Pain + "Ustrd").Single().Value.ShouldStartWith("Commission 2025-06 ");
        }

        block.Element(Pain + "DbtrAcct")!.Value.ShouldBe(British);
        block.Element(Pain + "DbtrAgt")!.Value.ShouldBe("NOTPROVIDED");
        block.Element(Pain + "ReqdExctnDt")!.Element(Pain + "Dt")!.Value.ShouldBe("2026-01-16");
    }

    private static Task<HttpResponseMessage> AccountAsync(
        HttpClient client, OrganizationRef organization, string holder, string iban, string? bic = null) =>
        client.PutAsJsonAsync($"/api/v1/commissions/bank-accounts/{organization.Id.Value}", new { holder, iban, bic });

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string currency, string? executesOn = null) =>
        client.PostAsJsonAsync("/api/v1/commissions/payment-orders", new { currency, executesOn });

    private static async Task<(HttpStatusCode, string?)> OrderAsync(HttpClient client, string currency, string? executesOn = null)
    {
        var refused = await PostAsync(client, currency, executesOn);
        return (refused.StatusCode, await refused.CodeAsync() is var code and not "validation_failed"
            ? code
            : (await refused.JsonAsync()).GetProperty("errors")[0].GetProperty("code").GetString());
    }

    private static async Task<string> FileAsync(HttpClient client, string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Accept = { new MediaTypeWithQualityHeaderValue(accept) } } };
        using var answer = await client.SendAsync(request);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe(accept);
        return await answer.Content.ReadAsStringAsync();
    }
}
