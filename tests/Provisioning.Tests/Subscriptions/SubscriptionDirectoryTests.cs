using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Subscriptions;

public sealed class SubscriptionDirectoryTests(SellingApp app) : IClassFixture<SellingApp>
{
    private static readonly Period January = Period.Month(2026, 1);

    private Task<IReadOnlyList<BillableSubscription>> BillableAsync(Period period, Scope scope, OrganizationId? after = null, int tenants = 100) =>
        app.InAsync<ISubscriptionDirectory, IReadOnlyList<BillableSubscription>>(d => d.BillableAsync(period, scope, after, tenants, Ct));

    private Task<int> CountAsync(Period period, Scope scope) =>
        app.InAsync<ISubscriptionDirectory, int>(d => d.CountBillableTenantsAsync(period, scope, Ct));

    private static Scope Of(OrganizationRef organization) => Scope.Of([organization.Path]);

    [Fact]
    public async Task Billing_walks_over_the_tenants_of_a_branch_with_all_their_subscriptions()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        var tenants = new List<OrganizationRef> { branch.Tenant };
        for (var i = 0; i < 4; i++)
            tenants.Add(await app.TenantAsync(branch.Platform, branch.Partner));
        foreach (var tenant in tenants)
        {
            await SubscribedAsync(branch, Asked(branch, plan, tenant: tenant));
            await SubscribedAsync(branch, Asked(branch, plan, tenant: tenant, start: "2025-12-01", end: "2026-01-10"));
            await SubscribedAsync(branch, Asked(branch, plan, tenant: tenant, start: "2026-02-01"));
            await SubscribedAsync(branch, Asked(branch, plan, tenant: tenant, start: "2026-02-01", end: "2026-03-10"));
            await SubscribedAsync(branch, Asked(branch, plan, tenant: tenant, start: "2025-11-01", end: "2026-01-01"));
        }

        (await CountAsync(January, Of(branch.Partner))).ShouldBe(5);
        var seen = new List<BillableSubscription>();
        OrganizationId? after = null;
        while (await BillableAsync(January, Of(branch.Partner), after, 2) is { Count: > 0 } chunk)
        {
            chunk.Select(s => s.TenantId).Distinct().Count().ShouldBeLessThanOrEqualTo(2);
            seen.AddRange(chunk);
            after = chunk[^1].TenantId;
        }

        seen.Count.ShouldBe(10);
        seen.Select(s => s.TenantId).Distinct().ShouldBe(tenants.Select(t => t.Id).OrderBy(t => t.Value));
        var first = seen.Where(s => s.TenantId == branch.Tenant.Id).OrderBy(s => s.StartedOn).ToList();
        first.Select(s => s.Spans.Single().Days.ToString()).ShouldBe(["2026-01-01/2026-01-10", "2026-01-15/2026-02-01"]);
        first[0].Spans[0].Quantities["essentialSeats"].ShouldBe(10);
        first[0].OwnerPath.ShouldBe(branch.Tenant.Path);

        // Those of some of them are the same.
        var some = await app.InAsync<ISubscriptionDirectory, IReadOnlyList<BillableSubscription>>(
            d => d.BillableOfAsync(January, [tenants[3].Id, branch.Tenant.Id, branch.Partner.Id], Ct));
        some.Select(s => (s.Id, s.OwnerPath, Days: s.Spans.Single().Days)).ShouldBe(
            seen.Where(s => s.TenantId == tenants[3].Id || s.TenantId == branch.Tenant.Id)
                .Select(s => (s.Id, s.OwnerPath, Days: s.Spans.Single().Days)));
    }

    [Fact]
    public async Task What_has_no_day_is_not_there_and_what_is_suspended_has_no_span()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        using var client = branch.Administrator();
        var today = (await SubscribedAsync(branch, Asked(branch, plan))).IdOf();
        await client.PostAsync($"/api/v1/subscriptions/{today}/cancel", null, Ct);
        var suspended = (await SubscribedAsync(branch, Asked(branch, plan))).IdOf();
        await client.PostAsJsonAsync($"/api/v1/subscriptions/{suspended}/suspend", new { reason = "Overdue" }, Ct);

        // What is used while it is suspended is charged, by the plan of the day.
        (await CountAsync(January, Of(branch.Tenant))).ShouldBe(1);
        var billable = (await BillableAsync(January, Of(branch.Tenant))).Single();
        (billable.Id.Value, billable.Spans.Count).ShouldBe((suspended, 0));
        billable.Plans.Single().Days.ShouldBe(new Period(billable.StartedOn, January.End));
        (await BillableAsync(Period.Month(2026, 2), Of(branch.Tenant))).Single().Plans.Single().Days.ShouldBe(Period.Month(2026, 2));

        await client.PostAsync($"/api/v1/subscriptions/{suspended}/resume", null, Ct);
        (await BillableAsync(January, Of(branch.Tenant))).Single().Spans.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Billing_is_told_when_a_trial_ended_and_not_what_a_later_plan_says_of_one()
    {
        var branch = await app.BranchAsync();
        var (paid, tried) = (await app.PlanAsync(branch), await app.PlanAsync(branch, trialDays: 30));
        var bound = (await SubscribedAsync(branch, Asked(branch, paid, start: "2026-01-05"))).IdOf();
        var free = (await SubscribedAsync(branch, Asked(branch, tried, start: "2026-01-06"))).IdOf();
        using var client = branch.Administrator();
        foreach (var (id, planId) in new[] { (bound, tried), (free, paid) })
        {
            using var changed = await client.PostAsJsonAsync($"/api/v1/subscriptions/{id}/change-plan", new { planId }, Ct);
            (await changed.JsonAsync()).Text("trialEndDate").ShouldBeNull();
        }

        (await BillableAsync(January, Of(branch.Tenant))).Select(s => (s.Id.Value, s.StartedOn.Day, s.TrialEndsOn))
            .ShouldBe([(bound, 5, new DateOnly(2026, 1, 5)), (free, 6, app.Today)], ignoreOrder: true);
    }

    [Fact]
    public async Task A_scope_of_nothing_sees_nothing_and_of_everything_all()
    {
        var branch = await app.BranchAsync();
        await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)));

        (await CountAsync(January, Scope.Nothing)).ShouldBe(0);
        (await BillableAsync(January, Scope.Everything, tenants: 1_000)).ShouldContain(s => s.TenantId == branch.Tenant.Id);
    }

    [Fact]
    public async Task Ending_within_a_term_is_told_once_with_its_fee_and_the_days_that_the_term_still_had()
    {
        var branch = await app.BranchAsync();
        var costly = await app.PlanAsync(branch, terms: new { termMonths = 6, earlyCancellation = new { allowed = true, feePercent = "25" } });
        using var client = branch.Administrator();

        async Task<Guid> CancelledAsync(Guid plan, string start, string on)
        {
            var id = (await SubscribedAsync(branch, Asked(branch, plan, start: start))).IdOf();
            using var cancelled = await client.PostAsJsonAsync($"/api/v1/subscriptions/{id}/cancel", new { on }, Ct);
            cancelled.EnsureSuccessStatusCode();
            return id;
        }

        var midMonth = await CancelledAsync(costly, "2025-12-10", "2026-02-20");
        // The day on which it is no longer its own is the next month's first, so its last day is this month's.
        var atMonthEnd = await CancelledAsync(costly, "2025-12-10", "2026-03-01");
        var atTermEnd = await CancelledAsync(costly, "2025-12-10", "2026-06-10");
        var free = await CancelledAsync(await app.PlanAsync(branch, terms: new { termMonths = 6 }), "2025-12-10", "2026-02-20");
        var suspended = await CancelledAsync(costly, "2025-12-10", "2026-03-05");
        (await client.PostAsJsonAsync($"/api/v1/subscriptions/{suspended}/suspend", new { reason = "Overdue" }, Ct)).EnsureSuccessStatusCode();

        var february = (await BillableAsync(Period.Month(2026, 2), Of(branch.Tenant))).ToDictionary(s => s.Id.Value, s => s.EarlyEnd);
        february[midMonth]!.FeePercent.ShouldBe(25);
        february[midMonth]!.DaysLeft.Single().Days.ShouldBe(new Period(new DateOnly(2026, 2, 20), new DateOnly(2026, 6, 10)));
        february[midMonth]!.DaysLeft.Single().Quantities["essentialSeats"].ShouldBe(10);
        february[atMonthEnd]!.DaysLeft.Single().Days.Start.ShouldBe(new DateOnly(2026, 3, 1));
        (february[atTermEnd], february[free]).ShouldBe((null, null));
        february[suspended].ShouldBeNull();

        var before = (await BillableAsync(January, Of(branch.Tenant))).ToDictionary(s => s.Id.Value, s => s.EarlyEnd);
        before.Count.ShouldBe(5);
        before.Values.ShouldAllBe(end => end == null);

        // Without a day of its own in the month, it is there for what its end costs.
        var march = (await BillableAsync(Period.Month(2026, 3), Of(branch.Tenant))).ToDictionary(s => s.Id.Value);
        march.Keys.ShouldBe([atTermEnd, suspended], ignoreOrder: true);
        march[suspended].Spans.ShouldBeEmpty();
        march[suspended].EarlyEnd!.DaysLeft.Single().Days.Days.ShouldBe(new DateOnly(2026, 6, 10).DayNumber - new DateOnly(2026, 3, 5).DayNumber);
        (await BillableAsync(Period.Month(2026, 6), Of(branch.Tenant))).Single().EarlyEnd.ShouldBeNull();
    }

    [Fact]
    public async Task Usage_finds_whose_a_record_is()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch);
        var live = new SubscriptionId((await SubscribedAsync(branch, Asked(branch, plan))).IdOf());
        var over = new SubscriptionId((await SubscribedAsync(branch, Asked(branch, plan, start: "2025-06-01", end: "2025-12-01"))).IdOf());
        var pending = new SubscriptionId((await SubscribedAsync(branch, Asked(branch, plan, start: "2026-02-01"))).IdOf());

        var found = await app.InAsync<ISubscriptionDirectory, IReadOnlyDictionary<SubscriptionId, UsageTarget>>(
            d => d.FindAsync([live, over, pending, new SubscriptionId(Guid.Empty)], Ct));
        found.Keys.ShouldBe([live, over, pending], ignoreOrder: true);
        (found[over].StartedOn, found[over].EndedOn, found[over].UsesPriceLists)
            .ShouldBe((new DateOnly(2025, 6, 1), new DateOnly(2025, 12, 1), true));
        found[live].EndedOn.ShouldBeNull();

        var ofTenants = await app.InAsync<ISubscriptionDirectory, ILookup<OrganizationId, UsageTarget>>(
            d => d.OfTenantsAsync([branch.Tenant.Id], Ct));
        ofTenants[branch.Tenant.Id].Select(t => t.Id).ShouldBe([live, over], ignoreOrder: true);
    }
}
