using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Xml.Linq;
using Licensing.Identity.Contracts;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.PaymentOrders;

/// <summary>Orders as SEPA where some accounts are not in it. One month of one host, for a close is of everyone.</summary>
public sealed class SepaOrderTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    private const string German = "DE89370400440532013000";
    private const string Turkish = "TR330006100519786457841326";
    private static readonly XNamespace Pain = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";

    [Fact]
    public async Task Accounts_outside_sepa_are_left_out_and_told_and_go_into_an_order_as_csv()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var (outside, without) = (
            await app.PartnerAsync(branch.Platform, branch.Distributor), await app.PartnerAsync(branch.Platform, branch.Distributor));
        foreach (var (partner, net) in new[] { (branch.Partner, "1000.00"), (outside, "500.00"), (without, "70.00") })
        {
            await SchemeAsync(platform, partner, [Tier("0", null, "10")], validFrom: "2025-06");
            app.Invoices.Issue("2025-06", partner == branch.Partner ? branch.Tenant : await app.TenantAsync(branch.Platform, partner), net);
        }

        await CloseAsync(platform, "2025-06");
        await Sent(await AccountAsync(platform, branch.Partner, German));
        await Sent(await AccountAsync(platform, outside, Turkish));

        // From Turkey nothing goes by SEPA, and pain.001 carries euro alone.
        await Sent(await AccountAsync(platform, branch.Platform, Turkish));
        (await (await OrderAsync(platform, "EUR", "Sepa")).CodeAsync()).ShouldBe("not_in_sepa");
        await Sent(await AccountAsync(platform, branch.Platform, German));
        (await (await OrderAsync(platform, "USD", "Sepa")).CodeAsync()).ShouldBe("not_in_euro");
        (await OrderAsync(platform, "EUR", "Pain")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var nothing = await OrderAsync(platform, "EUR", "Sepa", outside);
        (await nothing.CodeAsync()).ShouldBe("nothing_to_pay");
        (await nothing.JsonAsync()).GetProperty("detail").GetString().ShouldBe(
            "Nothing in EUR is due that this order could pay; 0 payouts are due to organisations without a bank account, 1 to accounts outside "
            + "SEPA, which an order as Csv pays.");

        var ordered = await Sent(await OrderAsync(platform, "EUR", null));
        (ordered.GetProperty("format").GetString(), Amount(ordered.GetProperty("order"), "total")).ShouldBe(("Sepa", "100.00"));
        (Count(ordered, "withoutAccount"), Count(ordered, "outsideSepa"), Count(ordered, "left")).ShouldBe((1, 1, 0));
        LeftOut(ordered).ShouldBe(
            [$"no_bank_account {without.Id.Value} 7.00", $"not_in_sepa {outside.Id.Value} 50.00"]);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/commissions/payment-orders/{IdOf(ordered)}")
        { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("application/xml") } } };
        using var file = await platform.SendAsync(request);
        XDocument.Parse(await file.Content.ReadAsStringAsync()).Descendants(Pain + "CdtrAcct").Select(x => x.Value).ShouldBe([German]);

        // They stay due, and the terminal tells them, too.
        (await StateAsync(platform, outside)).ShouldBe("Due");
        var refused = await OpsOutcome.RunAsync(app, "commissions", "order", "--currency", "EUR");
        (refused.ExitCode, refused.Errors.Contains("1 to accounts outside SEPA", StringComparison.Ordinal)).ShouldBe((1, true), refused.Errors);
        foreach (var (wrong, sentence) in new[]
        {
            (new[] { "--currency", "EURO" }, "--currency must be"), (["--currency", "EUR", "--format", "pain"], "--format must be"),
            (["--currency", "EUR", "--executes-on", "soon"], "--executes-on must be"),
            (["--currency", "EUR", "--organization", "1"], "--organization"),
        })
        {
            var typed = await OpsOutcome.RunAsync(app, ["commissions", "order", .. wrong]);
            typed.ExitCode.ShouldBe(2, typed.Errors);
            typed.Errors.ShouldContain(sentence);
        }

        var told = await OpsOutcome.RunAsync(app, "commissions", "order", "--currency", "EUR", "--format", "csv", "--executes-on", "2026-01-20");
        told.ExitCode.ShouldBe(0, told.Errors);
        told.Output.ShouldContain("1 payouts in order");
        told.Output.ShouldContain("as Csv, to be paid on 2026-01-20");
        told.Output.ShouldContain("no_bank_account");
        told.Output.ShouldContain("1 without a bank account");
        (await StateAsync(platform, outside)).ShouldBe("Ordered");
        (await StateAsync(platform, without)).ShouldBe("Due");
    }

    private static string IdOf(JsonElement ordered) => ordered.GetProperty("order").GetProperty("id").GetString()!;

    private static long Count(JsonElement ordered, string field) => ordered.GetProperty(field).GetInt64();

    private static IEnumerable<string> LeftOut(JsonElement ordered) => ordered.GetProperty("leftOut").EnumerateArray()
        .Select(x => $"{x.GetProperty("reason").GetString()} {x.GetProperty("organizationId").GetString()} {Amount(x, "amount")}");

    private static async Task<string?> StateAsync(HttpClient client, OrganizationRef of) =>
        (await ItemsAsync(client, $"/api/v1/commissions/payouts?organizationId={of.Id.Value}")).ShouldHaveSingleItem()
            .GetProperty("state").GetString();

    private static Task<HttpResponseMessage> OrderAsync(HttpClient client, string currency, string? format, OrganizationRef? of = null) =>
        client.PostAsJsonAsync("/api/v1/commissions/payment-orders", new { currency, format, organizationId = of?.Id.Value });

    private static Task<HttpResponseMessage> AccountAsync(HttpClient client, OrganizationRef of, string iban) =>
        client.PutAsJsonAsync($"/api/v1/commissions/bank-accounts/{of.Id.Value}", new { holder = of.DisplayName, iban });
}
