using Licensing.Billing.Tests.Credit;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Tests.Ledger;

/// <summary>
/// F04 within one process: what writes off credit whose end has come, tells who watches it and tops up again, ended at each of its places, after
/// a commit and before it is acknowledged too, and begun again.
/// </summary>
public sealed class LapseFaultTests(App app) : IClassFixture<App>
{
    [Fact, Trait("Fault", "F04")]
    public async Task Killed_at_any_place_it_comes_to_the_same_when_it_is_begun_again()
    {
        var branch = await app.BranchAsync();
        await app.DrainAsync();

        var owner = await OwnerAsync(branch);
        var places = await app.DrainUntilAsync(int.MaxValue);
        var whole = await WrittenAsync(owner);
        // Four lots of which one is spent, what is told of it, and what comes in again.
        places.Count(x => x == "billing.lapse").ShouldBe(10);
        places.Count(x => x == "message.handled").ShouldBeGreaterThan(5);
        places.Count(x => x == "message.committed").ShouldBeGreaterThan(1);
        whole.Count(x => x.Contains(" Lapse ", StringComparison.Ordinal)).ShouldBe(6);
        whole.Count(x => x.Contains(" TopUp auto:", StringComparison.Ordinal)).ShouldBe(2);
        whole.Count(x => x.StartsWith("alert ", StringComparison.Ordinal)).ShouldBe(1);

        for (var at = 1; at <= places.Count; at++)
        {
            var place = $"{places[at - 1]}, the {at}th";
            owner = await OwnerAsync(branch);
            (await app.DrainUntilAsync(at)).Count.ShouldBe(at, place);
            await app.DrainAsync();
            (await WrittenAsync(owner)).ShouldBe(whole, place);
        }

        await app.ProvenAsync();
    }

    /// <summary>A partner whose credit has just ended but for a little, which is watched and to be topped up.</summary>
    private async Task<OrganizationRef> OwnerAsync(Branch branch)
    {
        var owner = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        await platform.AddAsync(owner, "spent", euros: 1, expiresAt: app.Now.AddHours(1)).OkAsync();
        await platform.AddAsync(owner, "one", euros: 10, expiresAt: app.Now.AddHours(2)).OkAsync();
        await platform.AddAsync(owner, "two", euros: 5, expiresAt: app.Now.AddHours(3)).OkAsync();
        await platform.AddAsync(owner, "points", points: "2.5", expiresAt: app.Now.AddHours(4)).OkAsync();
        await platform.AddAsync(owner, "stays", euros: 0.5m).OkAsync();
        await platform.TakeAsync(owner, "debit", euros: 2).OkAsync();
        await platform.WatchAsync(owner, 3).OkAsync();
        await platform.RuleAsync(owner, below: 5, amount: 7, timesPerMonth: 2).OkAsync();
        await app.DrainAsync();
        app.Clock.Advance(TimeSpan.FromHours(4));
        return owner;
    }

    /// <summary>All that was written of it, but for ids and instants, which each makes anew.</summary>
    private async Task<List<string>> WrittenAsync(OrganizationRef owner) => await app.RowsAsync(
        $"""
        select * from (
            select 'entry ' || concat_ws(' ', a.kind, a.unit, e.number, t.kind, t.reference, e.amount, e.balance_after,
                case t.kind when 'Lapse' then
                    (select f.reference from billing.ledger_entries g join billing.ledger_transactions f on f.id = g.transaction_id
                     where g.lot_id::text = t.key order by g.number limit 1) else t.key end) as row
            from billing.ledger_entries e join billing.ledger_transactions t on t.id = e.transaction_id
            join billing.ledger_accounts a on a.id = e.account_id where a.owner_id = '{owner.Id.Value}'
            union all
            select 'balance ' || concat_ws(' ', a.kind, a.unit, b.balance) from billing.ledger_balances b
            join billing.ledger_accounts a on a.id = b.account_id where a.owner_id = '{owner.Id.Value}'
            union all
            select 'alert ' || concat_ws(' ', x.crossing, x.unit, x.threshold, x.balance) from billing.credit_alerts x
            where x.owner_id = '{owner.Id.Value}'
            union all
            select 'audit ' || concat_ws(' ', x.principal_name, x.action, count(*)) from identity.audit_entries x
            where x.owner_path = '{owner.Path}' group by x.principal_name, x.action
            union all
            select 'failed ' || concat_ws(' ', o.name, o.last_error) from billing.outbox o where o.attempts > 0) x
        order by row
        """);
}
