using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;
using static Licensing.Commissions.Tests.CommissionsApp;

namespace Licensing.Commissions.Tests.Statements;

public sealed class ClosingTests(CommissionsApp app) : IClassFixture<CommissionsApp>
{
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
            .Concat(await ItemsAsync(partner, $"/api/v1/commissions/statements/{id}/lines?limit=3&after={page.GetProperty("next").GetString()}"))
                .ToList();
        lines.Select(x => x.GetProperty("commission").GetProperty("amount").GetString()).ShouldBe(["1.10", "1.10", "1.10", "1.10", "1.10"]);
        (lines.Count, Sum(lines, "net"), Sum(lines, "commission")).ShouldBe((5, 166.65m, 5.50m));

        var late = await platform.PostAsJsonAsync(
            "/api/v1/commissions/schemes", new { organizationId = branch.Partner.Id.Value, tiers = Usual, validFrom = "2024-03" });
        (late.StatusCode, await late.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "period_closed"));
        (await RefusedAsync($"update commissions.statements set basis = 1 where id = '{id}'")).ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
        (await RefusedAsync($"delete from commissions.statements where id = '{id}'")).ShouldBe(PostgresErrorCodes.InsufficientPrivilege);
    }

    [Fact]
    public async Task A_month_is_not_closed_while_a_commission_cannot_be_told()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await SchemeAsync(platform, branch.Distributor, [Tier("0", null, "10")], basis: "Override", validFrom: "2025-12");
        app.Invoices.Issue("2025-12", branch.Tenant, "100.00", "USD");
        foreach (var _ in new[] { 1, 2 })
        {
            var refused = await platform.PostAsync("/api/v1/commissions/close/2025-12", null);
            (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "commissions_missing"));
            (await refused.JsonAsync()).GetProperty("detail").GetString()!
                .ShouldContain($"{branch.Partner.ExternalId} (exchange_rate_missing), {branch.Distributor.ExternalId} (exchange_rate_missing)");
        }

        (await ItemsAsync(platform, "/api/v1/commissions/statements?period=2025-12")).ShouldBeEmpty();
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

    private static string Told(JsonElement item) =>
        $"{item.GetProperty("externalId").GetString()} {item.GetProperty("kind").GetString()} "
        + string.Join(' ',
            new[] { "basis", "gross", "overridden", "commission" }.Select(x => $"{x} {item.GetProperty(x).GetProperty("amount").GetString()}"));

    private static decimal Sum(IEnumerable<JsonElement> lines, string field) =>
        lines.Sum(x => decimal.Parse(x.GetProperty(field).GetProperty("amount").GetString()!));

    private async Task<string?> RefusedAsync(string sql) => await app.InAsync<DbSession, string?>(async session =>
    {
        await using var command = new NpgsqlCommand(sql, await session.OpenAsync(CancellationToken.None));
        return (await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState;
    });
}
