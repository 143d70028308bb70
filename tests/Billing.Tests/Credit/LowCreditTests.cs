using System.Net;
using System.Net.Http.Json;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Tests.Credit;

/// <summary>Who is told, and when, that credit is low.</summary>
public sealed class LowCreditTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, 10, 10, false, null)]
    [InlineData(false, 10, 9, true, 9)]
    [InlineData(true, 9, 8, true, null)]
    [InlineData(true, 9, 10, false, null)]
    // It had fallen before what changes it now, by an end: told, also where it is above again by that change.
    [InlineData(false, 9, 20, false, 9)]
    [InlineData(false, 9, 8, true, 9)]
    public void A_fall_is_told_once(bool was, int before, int after, bool isBelow, int? told) =>
        LowCredit.Of(10, was, before, after).ShouldBe(new LowCredit(isBelow, told));

    [Fact]
    public async Task It_is_told_when_it_falls_below_and_again_only_after_it_was_above()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        using var partner = branch.As(Roles.PartnerAdministrator);
        await platform.AddAsync(branch.Partner, "start", euros: 20).OkAsync();
        await partner.WatchAsync(branch.Partner, 10).OkAsync();
        await partner.TakeAsync(branch.Partner, "to the line", euros: 10).OkAsync();
        (await AlertsAsync(branch)).ShouldBe([]);

        await partner.TakeAsync(branch.Partner, "below", euros: 1).OkAsync();
        (await AlertsAsync(branch)).ShouldBe(["9.00 of 10.00"]);
        (await MessagesAsync(branch.Partner)).ShouldBe(["EUR 10 9"]);
        await app.DrainAsync();
        await partner.TakeAsync(branch.Partner, "further", euros: 1).OkAsync();
        await platform.AddAsync(branch.Partner, "not enough", euros: 1.99m).OkAsync();
        (await AlertsAsync(branch)).Count.ShouldBe(1);

        await platform.AddAsync(branch.Partner, "enough", euros: 0.01m).OkAsync();
        // By a transfer, and by a group of debits of which none alone would do it.
        await partner.MoveAsync(branch.Partner, branch.Tenant, "share", euros: 3).OkAsync();
        (await AlertsAsync(branch)).ShouldBe(["7.00 of 10.00", "9.00 of 10.00"], ignoreOrder: true);
        await platform.AddAsync(branch.Partner, "more", euros: 8).OkAsync();
        foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 60).Select(i => partner.TakeAsync(branch.Partner, $"many {i}", euros: 0.1m))))
            answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await AlertsAsync(branch)).Count.ShouldBe(3);
        (await MessagesAsync(branch.Partner)).Count.ShouldBe(2);
        var shown = (await partner.ListAsync("/thresholds")).Single();
        (shown.GetProperty("balance").GetString(), shown.GetProperty("isLow").GetBoolean()).ShouldBe(("9.00", true));
        await app.ProvenAsync();
    }

    [Fact]
    public async Task A_lots_end_is_a_fall_too_also_where_it_is_written_late()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        await platform.AddAsync(branch.Partner, "stays", euros: 5).OkAsync();
        await platform.AddAsync(branch.Partner, "ends", euros: 10, expiresAt: app.Now.AddDays(1)).OkAsync();
        await platform.AddAsync(branch.Partner, "ends later", euros: 10, expiresAt: app.Now.AddDays(9)).OkAsync();
        await platform.WatchAsync(branch.Partner, 10).OkAsync();
        app.Clock.Advance(TimeSpan.FromDays(9));
        // The list says it at that instant, whatever was written.
        (await platform.ListAsync($"/thresholds?organizationId={branch.Partner.Id.Value}")).Single().GetProperty("isLow").GetBoolean().ShouldBeTrue();
        // Nothing has written them off yet, and a top-up is there before.
        await platform.AddAsync(branch.Partner, "again", euros: 15).OkAsync();
        (await AlertsAsync(branch)).ShouldBe(["5.00 of 10.00"]);
        await app.DrainAsync();
        (await AlertsAsync(branch)).ShouldBe(["5.00 of 10.00"]);

        // And by its end alone, of which a tenant is told by mail.
        var address = $"carla-{branch.Tenant.Code}@customer.example";
        await platform.PatchAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}", new { contact = new { name = "Carla", email = address } }, Ct).OkAsync();
        await platform.AddAsync(branch.Tenant, "ends", credits: 10, expiryMonths: 1).OkAsync();
        await platform.WatchAsync(branch.Tenant, 1, "credits").OkAsync();
        app.Clock.Advance(TimeSpan.FromDays(32));
        await app.DrainAsync();
        (await platform.ListAsync($"/alerts?organizationId={branch.Tenant.Id.Value}")).Select(x => x.GetProperty("balance").GetString())
            .ShouldBe(["0"]);
        await app.DrainAsync();
        app.Mailbox.To(address).ShouldHaveSingleItem().Text.ShouldContain("has fallen below 1 credits: 0 credits can be spent");
        await app.ProvenAsync();
    }

    [Fact]
    public async Task A_threshold_is_one_of_its_account_and_told_at_once_where_it_is_below_already()
    {
        var (branch, far) = (await app.BranchAsync(), await app.BranchAsync());
        using var partner = branch.As(Roles.PartnerAdministrator);
        var first = await partner.WatchAsync(branch.Tenant, 5, "credits").OkAsync();
        (await AlertsAsync(branch, branch.Tenant)).ShouldBe(["0 of 5"]);
        var id = (await partner.WatchAsync(branch.Tenant, 6, "credits").OkAsync()).GetProperty("id").GetGuid();
        id.ShouldBe(first.GetProperty("id").GetGuid());
        (await AlertsAsync(branch, branch.Tenant)).Count.ShouldBe(1);
        // Below a lower one it would not be, and so it is told anew when it is raised again.
        await branch.As(Roles.PartnerAdministrator).AddAsync(branch.Tenant, "some", credits: 3).OkAsync();
        await partner.WatchAsync(branch.Tenant, 2, "credits").OkAsync();
        await partner.WatchAsync(branch.Tenant, 4, "credits").OkAsync();
        (await AlertsAsync(branch, branch.Tenant)).ShouldBe(["3 of 4", "0 of 5"], ignoreOrder: true);

        (await far.As(Roles.PartnerAdministrator).ListAsync("/alerts")).ShouldBeEmpty();
        (await far.As(Roles.PartnerAdministrator).ListAsync("/thresholds")).ShouldBeEmpty();
        (await (await far.As(Roles.PartnerAdministrator).WatchAsync(branch.Tenant, 1, "credits")).FieldErrorAsync())
            .ShouldBe(("/organizationId", "not_an_account"));
        (await (await far.As(Roles.PartnerAdministrator).DeleteAsync($"/api/v1/credit/thresholds/{id}", Ct)).CodeAsync())
            .ShouldBe("credit_threshold_not_found");
        (await branch.As(Roles.PartnerReader).WatchAsync(branch.Tenant, 1, "credits")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await (await partner.WatchAsync(branch.Tenant, 1.5m, "credits")).FieldErrorAsync()).ShouldBe(("/amount", "not_an_amount"));
        (await (await partner.WatchAsync(branch.Tenant, 1, "euros")).FieldErrorAsync()).ShouldBe(("/unit", "not_a_unit"));

        using var stale = new HttpRequestMessage(HttpMethod.Put, "/api/v1/credit/thresholds")
        {
            Content = JsonContent.Create(new { organizationId = branch.Tenant.Id.Value, unit = "credits", amount = "9" }),
            Headers = { { "If-Match", "\"1\"" } },
        };
        (await partner.SendAsync(stale, Ct)).StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await partner.DeleteAsync($"/api/v1/credit/thresholds/{id}", Ct)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        await partner.TakeAsync(branch.Tenant, "all", credits: 3).OkAsync();
        (await AlertsAsync(branch, branch.Tenant)).Count.ShouldBe(2);
        await app.DrainAsync();
    }

    private static async Task<List<string>> AlertsAsync(Branch branch, OrganizationRef? owner = null) =>
        [.. (await branch.As(Roles.PartnerReader).ListAsync($"/alerts?organizationId={(owner ?? branch.Partner).Id.Value}"))
            .Select(x => $"{x.GetProperty("balance").GetString()} of {x.GetProperty("threshold").GetString()}")];

    // Of those that are on their way.
    private Task<List<string>> MessagesAsync(OrganizationRef owner) => app.RowsAsync(
        $"""
        select format('%s %s %s', body ->> 'unit', trim_scale((body ->> 'threshold')::numeric), trim_scale((body ->> 'balance')::numeric))
        from billing.outbox where name = 'billing.credit-low.v1' and body ->> 'organizationId' = '{owner.Id.Value}' order by id
        """);
}
