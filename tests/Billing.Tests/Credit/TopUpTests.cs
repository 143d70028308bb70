using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Tests.Credit;

/// <summary>Credit of distributors, partners and tenants, and who gives it.</summary>
public sealed class TopUpTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Credits_come_in_lots_that_end_after_twelve_months_or_as_many_as_is_said()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        var now = app.Now;
        var added = await partner.AddAsync(branch.Tenant, "year", credits: 100).OkAsync();
        added.GetProperty("lots")[0].GetProperty("expiresAt").GetDateTimeOffset().ShouldBe(now.AddMonths(12));
        added.GetProperty("lots")[0].GetProperty("amount").GetString().ShouldBe("100");
        added.GetProperty("balances")[0].GetProperty("amount").GetString().ShouldBe("100");
        var month = await partner.AddAsync(branch.Tenant, "month", credits: 5, expiryMonths: 1).OkAsync();
        month.GetProperty("balances")[0].GetProperty("amount").GetString().ShouldBe("105");

        // Asked again later it is what it was then, with the end that it had.
        app.Clock.Advance(TimeSpan.FromDays(3));
        var again = await partner.AddAsync(branch.Tenant, "month", credits: 5, expiryMonths: 1).OkAsync();
        again.GetProperty("id").GetGuid().ShouldBe(month.GetProperty("id").GetGuid());
        again.GetProperty("lots").GetRawText().ShouldBe(month.GetProperty("lots").GetRawText());
        (await (await partner.AddAsync(branch.Tenant, "month", credits: 5, expiryMonths: 2)).CodeAsync()).ShouldBe("top_up_reference_used");

        // To the instant, whether or not it was written off.
        app.Clock.Advance(now.AddMonths(1) - app.Now - TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond));
        (await branch.BalanceAsync(branch.Tenant, "credits")).ShouldBe("105");
        app.Clock.Advance(TimeSpan.FromMilliseconds(1));
        (await branch.BalanceAsync(branch.Tenant, "credits")).ShouldBe("100");
        (await branch.LotsOfAsync(branch.Tenant)).ShouldStartWith("100 in ");
        (await (await partner.TakeAsync(branch.Tenant, "all", credits: 101)).CodeAsync()).ShouldBe("insufficient_credit");
        await partner.TakeAsync(branch.Tenant, "most", credits: 100).OkAsync();
        await app.DrainAsync();
        (await branch.BalanceAsync(branch.Tenant, "credits")).ShouldBe("0");
        await app.ProvenAsync();
    }

    [Fact]
    public async Task Credit_comes_from_above_and_money_and_points_never_from_a_partner()
    {
        var (branch, far) = (await app.BranchAsync(), await app.BranchAsync());
        async Task<string> TriedAsync(string role, Branch of, OrganizationRef to, bool money)
        {
            using var client = of.As(role);
            using var answer = await client.AddAsync(to, $"{role} {money}", euros: money ? 1 : null, credits: money ? null : 1);
            return answer.StatusCode is HttpStatusCode.UnprocessableEntity ? (await answer.FieldErrorAsync()).Code!
                : answer.IsSuccessStatusCode ? "" : (await answer.CodeAsync())!;
        }

        foreach (var money in new[] { true, false })
        {
            (await TriedAsync(Roles.PlatformAdministrator, branch, branch.Distributor, money)).ShouldBe("");
            (await TriedAsync(Roles.PlatformAdministrator, branch, branch.Platform, money)).ShouldBe("not_a_partner");
            (await TriedAsync(Roles.DistributorAdministrator, branch, branch.Distributor, money)).ShouldBe("not_the_giver");
            (await TriedAsync(Roles.DistributorAdministrator, branch, branch.Partner, money)).ShouldBe("");
            (await TriedAsync(Roles.DistributorAdministrator, branch, branch.Tenant, money)).ShouldBe("");
            (await TriedAsync(Roles.PartnerAdministrator, branch, branch.Partner, money)).ShouldBe("not_the_giver");
            (await TriedAsync(Roles.PartnerAdministrator, far, branch.Tenant, money)).ShouldBe("not_a_partner");
            (await TriedAsync(Roles.TenantAdministrator, branch, branch.Tenant, money)).ShouldBe("not_allowed");
        }

        (await TriedAsync(Roles.PartnerAdministrator, branch, branch.Tenant, money: false)).ShouldBe("");
        (await TriedAsync(Roles.PartnerAdministrator, branch, branch.Tenant, money: true)).ShouldBe("not_the_giver");
        (await branch.As(Roles.TenantAdministrator).ListAsync("?unit=credits")).Single().GetProperty("balance").GetString().ShouldBe("2");
        (await far.As(Roles.TenantAdministrator).ListAsync($"?organizationId={branch.Tenant.Id.Value}")).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_cannot_be_added_is_said_field_by_field()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        async Task<string> ErrorsAsync(Task<HttpResponseMessage> sent)
        {
            using var answer = await sent;
            answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
            return string.Join(", ", (await answer.JsonAsync()).GetProperty("errors").EnumerateArray()
                .Select(e => $"{e.GetProperty("pointer")} {e.GetProperty("code")}").Order(StringComparer.Ordinal));
        }

        (await ErrorsAsync(platform.AddAsync(branch.Tenant, "auto:mine", credits: 0, expiryMonths: 13)))
            .ShouldBe("/credits not_an_amount, /expiryMonths out_of_range, /reference reserved_reference");
        (await ErrorsAsync(platform.AddAsync(branch.Tenant, "x", credits: 1, expiryMonths: 1, expiresAt: app.Now.AddDays(1))))
            .ShouldBe("/expiresAt end_or_months");
        (await ErrorsAsync(platform.AddAsync(branch.Tenant, "x", credits: 1, expiresAt: app.Now.AddMonths(12).AddSeconds(1))))
            .ShouldBe("/expiresAt too_late");
        (await ErrorsAsync(platform.AddAsync(branch.Tenant, "x"))).ShouldBe("/amount nothing_to_add");
        (await branch.BalanceAsync(branch.Tenant, "credits")).ShouldBe("none");
    }

    [Fact]
    public async Task A_tenant_that_goes_to_another_partner_takes_its_credit_along_and_leaves_what_was_done_with_it()
    {
        var branch = await app.BranchAsync();
        var next = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        await platform.AddAsync(branch.Tenant, "before", credits: 10).OkAsync();
        await platform.WatchAsync(branch.Tenant, 5, "credits").OkAsync();
        var on = DateOnly.FromDateTime(app.Now.UtcDateTime).AddDays(1);
        await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = next.Id.Value, on, reason = "agreed" }, Ct).OkAsync();
        app.Clock.Advance(TimeSpan.FromDays(2));
        await app.DrainAsync();

        using var before = branch.As(Roles.PartnerAdministrator);
        using var after = branch.As(Roles.PartnerAdministrator, next);
        (await before.ListAsync("?unit=credits")).ShouldBeEmpty();
        (await before.ListAsync("/thresholds")).ShouldBeEmpty();
        (await before.ListAsync("/movements")).Length.ShouldBe(1);
        (await after.ListAsync("?unit=credits")).Single().GetProperty("balance").GetString().ShouldBe("10");
        (await after.ListAsync("/thresholds")).Length.ShouldBe(1);
        (await (await before.TakeAsync(branch.Tenant, "late", credits: 1)).FieldErrorAsync()).Code.ShouldBe("not_a_partner");
        await after.TakeAsync(branch.Tenant, "now", credits: 1).OkAsync();
        await app.ProvenAsync();
    }

    [Fact]
    public async Task Movements_are_found_by_kind_and_days_and_go_out_as_CSV()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var first = DateOnly.FromDateTime(app.Now.UtcDateTime);
        await platform.AddAsync(branch.Partner, "=first", euros: 10, points: "1.5").OkAsync();
        app.Clock.Advance(TimeSpan.FromDays(1));
        await platform.MoveAsync(branch.Partner, branch.Tenant, "second", euros: 4).OkAsync();
        app.Clock.Advance(TimeSpan.FromDays(1));
        await platform.TakeAsync(branch.Tenant, "third", euros: 1).OkAsync();
        using var partner = branch.As(Roles.PartnerReader);
        async Task<string> ShownAsync(string query) => string.Join(", ", (await partner.ListAsync($"/movements?{query}"))
            .Select(x => x.GetProperty("kind").GetString()).Order(StringComparer.Ordinal));

        (await ShownAsync("")).ShouldBe("Spending, TopUp, TransferIn, TransferOut");
        (await ShownAsync($"until={first.AddDays(1):yyyy-MM-dd}")).ShouldBe("TopUp");
        (await ShownAsync($"from={first.AddDays(1):yyyy-MM-dd}&until={first.AddDays(2):yyyy-MM-dd}")).ShouldBe("TransferIn, TransferOut");
        (await ShownAsync("kind=spending")).ShouldBe("Spending");
        foreach (var wrong in new[] { "kind=Gift", $"from={first:yyyy-MM-dd}&until={first:yyyy-MM-dd}" })
            (await (await partner.GetAsync($"/api/v1/credit/movements?{wrong}", Ct)).CodeAsync()).ShouldBe("invalid_parameter");

        async Task<string[]> CsvAsync(HttpClient client, string query) =>
            [.. (await client.TextAsAsync($"/api/v1/credit/movements?{query}", "text/csv")).Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
                .Select(line => string.Join(',', line.Split(',')[2..7]))];
        (await CsvAsync(partner, "")).ShouldBe([
            "kind,reference,description,unit,amount", "Spending,third,,EUR,-1.00", "TransferIn,second,moved,EUR,4.00",
            "TransferOut,second,moved,EUR,-4.00", "TopUp,'=first,,EUR,10.00", "TopUp,'=first,,points,1.5"], ignoreOrder: true);
        (await CsvAsync(partner, "unit=points&kind=TopUp")).ShouldBe(["kind,reference,description,unit,amount", "TopUp,'=first,,points,1.5"]);
        (await CsvAsync(branch.As(Roles.TenantAdministrator), $"from={first.AddDays(2):yyyy-MM-dd}")).Length.ShouldBe(2);
        (await CsvAsync((await app.BranchAsync()).As(Roles.PartnerReader), $"organizationId={branch.Partner.Id.Value}")).Length.ShouldBe(1);
        using var wrongCsv = await partner.GetAsAsync("/api/v1/credit/movements?kind=Gift", "text/csv");
        wrongCsv.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }
}
