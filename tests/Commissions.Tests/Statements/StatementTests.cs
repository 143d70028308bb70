using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Statements;

public sealed class StatementTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
    [Fact]
    public async Task Commissions_are_worked_out_up_the_tree()
    {
        var branch = await app.BranchAsync();
        var second = await app.PartnerAsync(branch.Platform, branch.Distributor);
        var (tenant, third) = (await app.TenantAsync(branch.Platform, second), await app.TenantAsync(branch.Platform, branch.Partner));
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Distributor, [Tier("0", null, "20")], basis: "Override");
        await SchemeAsync(platform, branch.Partner, Usual);
        app.Invoices.Issue("2024-02", branch.Tenant, "6999.99");
        app.Invoices.Issue("2024-02", third, "0.01");
        app.Invoices.Issue("2024-02", tenant, "1000.00");

        using var distributor = branch.As(Roles.DistributorReader);
        var items = await ItemsAsync(distributor, "/api/v1/commissions/summary?period=2024-02");
        items.Select(Told).ShouldBe(
        [
            // 8,000 at 20 %, less what its partners earn.
            $"{branch.Distributor.ExternalId} Distributor basis 8000.00 gross 1600.00 overridden 770.00 commission 830.00",
            $"{branch.Partner.ExternalId} Partner basis 7000.00 gross 570.00 overridden 0.00 commission 570.00",
            // Without a scheme of its own it earns by its distributor's.
            $"{second.ExternalId} Partner basis 1000.00 gross 200.00 overridden 0.00 commission 200.00",
        ]);
        items[1].GetProperty("steps").GetRawText().ShouldBe(
            """[{"from":"0","to":"1000","percent":"5","basis":"1000","amount":"50"},{"from":"1000","to":"5000","percent":"8","basis":"4000","amount":"320"},{"from":"5000","to":null,"percent":"10","basis":"2000","amount":"200"}]""");
        items[2].GetProperty("scheme").GetProperty("inherited").GetBoolean().ShouldBeTrue();
        items[2].GetProperty("scheme").GetProperty("id").ValueKind.ShouldBe(JsonValueKind.Null);
        items[1].GetProperty("invoiceCount").GetInt32().ShouldBe(2);
        Sum(items[1].GetProperty("invoices").EnumerateArray(), "commission").ShouldBe(570.00m);

        var one = (await ItemsAsync(distributor, $"/api/v1/commissions/summary?period=2024-02&organizationId={second.Id.Value}")).ShouldHaveSingleItem();
        Told(one).ShouldEndWith("commission 200.00");
    }

    [Fact]
    public async Task Volume_pays_all_at_the_tier_it_falls_in()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Partner, Usual, "Volume");
        app.Invoices.Issue("2024-03", branch.Tenant, "7000.00");
        using var partner = branch.As(Roles.PartnerReader);
        Told((await ItemsAsync(partner, "/api/v1/commissions/summary?period=2024-03")).ShouldHaveSingleItem()).ShouldEndWith("commission 700.00");
    }

    [Fact]
    public async Task Closing_freezes_statements_and_closing_again_changes_nothing()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Distributor, [Tier("0", null, "12")]);
        await SchemeAsync(platform, branch.Partner, [Tier("0", null, "3.3")]);
        var tenants = new List<OrganizationRef> { branch.Tenant };
        for (var i = 0; i < 4; i++)
            tenants.Add(await app.TenantAsync(branch.Platform, branch.Partner));
        foreach (var tenant in tenants)
            app.Invoices.Issue("2024-04", tenant, "33.33");

        var closings = await Task.WhenAll(
            platform.PostAsync("/api/v1/commissions/close/2024-04", null), platform.PostAsync("/api/v1/commissions/close/2024-04", null));
        var first = (await Sent(closings[0])).GetRawText();
        (await Sent(closings[1])).GetRawText().ShouldBe(first);

        // What is issued later is not in a closed month.
        app.Invoices.Issue("2024-04", branch.Tenant, "100.00");
        (await Sent(await platform.PostAsync("/api/v1/commissions/close/2024-04", null))).GetRawText().ShouldBe(first);
        using var partner = branch.As(Roles.PartnerAdministrator);
        var statement = (await ItemsAsync(partner, "/api/v1/commissions/statements?period=2024-04")).ShouldHaveSingleItem();
        Told(statement).ShouldBe($"{branch.Partner.ExternalId} Partner basis 166.65 gross 5.50 overridden 0.00 commission 5.50");
        var id = statement.GetProperty("id").GetString();
        (await Sent(await partner.GetAsync($"/api/v1/commissions/statements/{id}"))).GetRawText().ShouldBe(statement.GetRawText());

        var page = await Sent(await partner.GetAsync($"/api/v1/commissions/statements/{id}/lines?limit=3"));
        var lines = page.GetProperty("items").EnumerateArray()
            .Concat(await ItemsAsync(partner, $"/api/v1/commissions/statements/{id}/lines?limit=3&after={page.GetProperty("next").GetString()}")).ToList();
        lines.Select(x => x.GetProperty("commission").GetProperty("amount").GetString()).ShouldBe(["1.10", "1.10", "1.10", "1.10", "1.10"]);
        (lines.Count, Sum(lines, "net"), Sum(lines, "commission")).ShouldBe((5, 166.65m, 5.50m));

        (await RefusedAsync($"update commissions.statements set basis = 1 where id = '{id}'")).ShouldBe(PostgresErrorCodes.RestrictViolation);
        (await RefusedAsync($"delete from commissions.statements where id = '{id}'")).ShouldBe(PostgresErrorCodes.RestrictViolation);
    }

    [Fact]
    public async Task Nobody_sees_above_or_beside_himself()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        using var platform = branch.Administrator();
        var scheme = await SchemeAsync(platform, branch.Distributor, [Tier("0", null, "20")], basis: "Override");
        app.Invoices.Issue("2024-05", branch.Tenant, "100.00");
        await Sent(await platform.PostAsync("/api/v1/commissions/close/2024-05", null));
        var above = (await ItemsAsync(platform, $"/api/v1/commissions/statements?period=2024-05&organizationId={branch.Distributor.Id.Value}"))
            .ShouldHaveSingleItem().GetProperty("id").GetString();

        using var partner = branch.As(Roles.PartnerReader);
        using var stranger = other.As(Roles.DistributorAdministrator);
        foreach (var client in new[] { partner, stranger })
        {
            (await client.GetAsync($"/api/v1/commissions/statements/{above}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await client.GetAsync($"/api/v1/commissions/statements/{above}/lines")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await client.GetAsync($"/api/v1/commissions/schemes/{scheme.GetProperty("id").GetString()}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await client.GetAsync($"/api/v1/commissions/summary?period=2024-05&organizationId={branch.Distributor.Id.Value}")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await ItemsAsync(client, "/api/v1/commissions/schemes")).ShouldBeEmpty();
        }

        (await ItemsAsync(partner, "/api/v1/commissions/statements?period=2024-05")).ShouldHaveSingleItem().GetProperty("kind").GetString().ShouldBe("Partner");
        (await ItemsAsync(stranger, "/api/v1/commissions/summary?period=2024-05")).ShouldBeEmpty();
        (await partner.PostAsync("/api/v1/commissions/close/2024-05", null)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var tenant = branch.As(Roles.TenantAdministrator);
        (await tenant.GetAsync("/api/v1/commissions/summary?period=2024-05")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Another_currency_is_told_for_that_organisation_alone()
    {
        var branch = await app.BranchAsync();
        var second = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Distributor, [Tier("0", null, "10")], basis: "Override");
        app.Invoices.Issue("2024-06", branch.Tenant, "100.00", "USD");
        app.Invoices.Issue("2024-06", await app.TenantAsync(branch.Platform, second), "50.00");
        using var distributor = branch.As(Roles.DistributorReader);
        var summary = await Sent(await distributor.GetAsync("/api/v1/commissions/summary?period=2024-06"));
        summary.GetProperty("errors").EnumerateArray().Select(x => $"{x.GetProperty("subject").GetString()} {x.GetProperty("code").GetString()}").ShouldBe(
            [$"{branch.Partner.ExternalId} exchange_rate_missing", $"{branch.Distributor.ExternalId} exchange_rate_missing"]);
        Told(summary.GetProperty("items").EnumerateArray().ShouldHaveSingleItem()).ShouldBe(
            $"{second.ExternalId} Partner basis 50.00 gross 5.00 overridden 0.00 commission 5.00");
    }

    [Fact]
    public async Task A_month_is_closed_when_it_is_over_and_billed()
    {
        using var platform = (await app.BranchAsync()).Administrator();
        app.Invoices.Unfinished.Add(Period.Month(2024, 7));
        foreach (var (month, status, code) in new[]
        {
            ("2024-07", HttpStatusCode.Conflict, "billing_not_finished"), ("2026-01", HttpStatusCode.Conflict, "period_not_over"),
            ("2024", HttpStatusCode.BadRequest, "invalid_period"),
        })
        {
            var refused = await platform.PostAsync($"/api/v1/commissions/close/{month}", null);
            (refused.StatusCode, await refused.CodeAsync()).ShouldBe((status, code));
        }
    }

    [Fact]
    public async Task A_scheme_is_checked_and_agreed_once_per_month()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var made = await SchemeAsync(platform, branch.Partner, Usual, validFrom: "2025-12");
        made.GetProperty("validFrom").GetString().ShouldBe("2025-12");
        (await Sent(await platform.GetAsync($"/api/v1/commissions/schemes/{made.GetProperty("id").GetString()}"))).GetRawText().ShouldBe(made.GetRawText());

        async Task<string> RefusedAsync(object body)
        {
            var answer = await platform.PostAsJsonAsync("/api/v1/commissions/schemes", body);
            var json = await answer.JsonAsync();
            return json.GetProperty("code").GetString() == "validation_failed"
                ? $"{json.GetProperty("errors")[0].GetProperty("pointer").GetString()} {json.GetProperty("errors")[0].GetProperty("code").GetString()}"
                : json.GetProperty("code").GetString()!;
        }

        var id = branch.Partner.Id.Value;
        (await RefusedAsync(new { organizationId = id, tiers = Usual, validFrom = "2025-12" })).ShouldBe("scheme_exists");
        (await RefusedAsync(new { organizationId = id, tiers = Usual, validFrom = "2025-12-02" })).ShouldBe("/validFrom not_a_month");
        (await RefusedAsync(new { organizationId = branch.Tenant.Id.Value, tiers = Usual })).ShouldBe("/organizationId earns_no_commission");
        (await RefusedAsync(new { organizationId = Guid.Empty, tiers = Usual })).ShouldBe("organization_not_found");
        (await RefusedAsync(new { organizationId = id, tiers = new[] { Tier("0", "10", "5"), Tier("20", null, "5") } })).ShouldBe("/tiers/1/from tiers_have_gap");
        (await RefusedAsync(new { organizationId = id, tiers = new[] { Tier("0", null, "101") } })).ShouldBe("/tiers/0/percent not_a_percentage");
        using var distributor = branch.As(Roles.DistributorAdministrator);
        (await distributor.PostAsJsonAsync("/api/v1/commissions/schemes", new { organizationId = id, tiers = Usual })).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    private static string Told(JsonElement item) =>
        $"{item.GetProperty("externalId").GetString()} {item.GetProperty("kind").GetString()} "
        + string.Join(' ', new[] { "basis", "gross", "overridden", "commission" }.Select(x => $"{x} {item.GetProperty(x).GetProperty("amount").GetString()}"));

    private static decimal Sum(IEnumerable<JsonElement> lines, string field) =>
        lines.Sum(x => decimal.Parse(x.GetProperty(field).GetProperty("amount").GetString()!));

    private async Task<string?> RefusedAsync(string sql) => await app.InAsync<DbSession, string?>(async session =>
    {
        await using var command = new NpgsqlCommand(sql, await session.OpenAsync(CancellationToken.None));
        return (await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState;
    });
}
