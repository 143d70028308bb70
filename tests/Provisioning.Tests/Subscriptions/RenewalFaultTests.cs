using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Subscriptions;

/// <summary>
/// F04 within one process: what renews subscriptions, or tells that they have expired, ended at each of its places, after a commit and before it
/// is acknowledged too, and begun again.
/// </summary>
public sealed class RenewalFaultTests(SellingApp app) : IClassFixture<SellingApp>
{
    [Fact, Trait("Fault", "F04")]
    public async Task Killed_at_any_place_it_comes_to_the_same_when_it_is_begun_again()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync(branch, terms: new { termMonths = 1 });
        // The first month has more to do than those that follow, as tidying up.
        await DueAsync(branch, plan);
        await app.DrainAsync();

        var (tenant, told) = await DueAsync(branch, plan);
        var places = await app.DrainUntilAsync(int.MaxValue);
        var whole = await WrittenAsync(tenant, told);
        places.Count(x => x == "provisioning.term").ShouldBe(4);
        places.Count(x => x == "message.handled").ShouldBeGreaterThan(6);
        places.Count(x => x == "message.committed").ShouldBeGreaterThan(2);
        whole.ShouldBe(
        [
            "due one t waiting 0", "due three t waiting 0", "due two t waiting 0", "history four Expired t -", "history four Opened f 10",
            "history one Opened f 10", "history one Renewed t 10", "history three Opened f 12", "history three Renewed t 12",
            "history two Opened f 11", "history two Renewed t 11", "told Expired 1", "told Renewed 3",
        ]);

        for (var at = 1; at <= places.Count; at++)
        {
            var place = $"{places[at - 1]}, the {at}th";
            (tenant, told) = await DueAsync(branch, plan);
            (await app.DrainUntilAsync(at)).Count.ShouldBe(at, place);
            await app.DrainAsync();
            (await WrittenAsync(tenant, told)).ShouldBe(whole, place);
        }

        await CommonChecker.HoldsAsync(app, Ct);
    }

    /// <summary>A tenant whose terms have just ended, and how much of it was told of others before.</summary>
    private async Task<(OrganizationRef Tenant, IReadOnlyList<int> Told)> DueAsync(Branch branch, Guid plan)
    {
        var tenant = await app.TenantAsync(branch.Platform, branch.Partner);
        await SubscribedAsync(branch, Asked(branch, plan, 10, reference: "one", tenant: tenant));
        await SubscribedAsync(branch, Asked(branch, plan, 11, reference: "two", tenant: tenant));
        await SubscribedAsync(branch, Asked(branch, plan, 12, reference: "three", tenant: tenant));
        await SubscribedAsync(branch, Asked(branch, plan, 10, reference: "four", tenant: tenant, autoRenew: false));
        await app.DrainAsync();
        // Those of the times before are not renewed again.
        await app.RowsAsync(
            $"""
            delete from provisioning.outbox o where name = 'provisioning.subscription-term-due.v1' and not exists (
                select from provisioning.subscriptions s where s.tenant_id = '{tenant.Id.Value}' and o.body::text like '%' || s.id || '%')
            returning name
            """);
        app.Clock.Set(app.Now.AddMonths(1));
        return (tenant, await ToldAsync());
    }

    /// <summary>Each message has one row, however often it is delivered.</summary>
    private async Task<IReadOnlyList<int>> ToldAsync() => [.. (await app.RowsAsync(
        """
        select count(*)::text from (values ('Expired'), ('Renewed')) as w (what)
        left join provisioning.inbox i on i.subscriber = 'provisioning.test_Subscription' || what
        group by what order by what
        """)).Select(int.Parse)];

    /// <summary>All that was written of it, but for ids and instants, which each makes anew.</summary>
    private async Task<List<string>> WrittenAsync(OrganizationRef tenant, IReadOnlyList<int> before)
    {
        var told = await ToldAsync();
        return
        [
            .. await app.RowsAsync(
                $"""
                select * from (
                    select 'history ' || concat_ws(' ', s.reference, h.what, h.effective_on = (s.starts_on + interval '1 month')::date,
                        coalesce(h.quantities ->> 'essentialSeats', '-')) as row
                    from provisioning.subscription_history h join provisioning.subscriptions s on s.id = h.subscription_id
                    where s.tenant_id = '{tenant.Id.Value}'
                    union all
                    select 'due ' || concat_ws(
                        ' ', s.reference, o.body::text like '%' || (s.starts_on + interval '2 months')::date || '%', o.state, o.attempts)
                    from provisioning.outbox o join provisioning.subscriptions s on o.body::text like '%' || s.id || '%'
                    where s.tenant_id = '{tenant.Id.Value}') x
                order by row collate "C"
                """),
            $"told Expired {told[0] - before[0]}", $"told Renewed {told[1] - before[1]}",
        ];
    }
}
