using Licensing.Billing.Credit;
using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Billing.Ledger;

/// <summary>A balance is below what a rule says.</summary>
/// <param name="RuleId">The rule.</param>
[Message("billing.top-up-due.v1")]
internal sealed record TopUpDue(Guid RuleId);

/// <summary>
/// Tops up as a rule says, if the balance is still below. Each of a month has a number and by it a key of its own, so that it is there once whoever
/// looks, and however often; where the month has had as many as the rule allows, it is looked again when the next one begins.
/// </summary>
internal sealed class TopUpWhenDue(
    BillingDb db, DbSession session, CreditLedger ledger, LedgerAccounts accounts, IOrganizationDirectory organizations, BillingCalendar calendar,
    TimeProvider clock) : IHandle<TopUpDue>
{
    public async Task HandleAsync(TopUpDue message, CancellationToken ct)
    {
        if (await db.TopUpRules.AsNoTracking().SingleOrDefaultAsync(x => x.Id == message.RuleId, ct) is not { } asked)
            return;
        var owner = (await organizations.HoldAsync([asked.OwnerId], ct)).GetValueOrDefault(asked.OwnerId);
        await accounts.LockAsync([asked.OwnerId.Value], [asked.Unit], ct);
        // Whoever changes a rule holds its account.
        if (await db.TopUpRules.AsNoTracking().SingleOrDefaultAsync(x => x.Id == message.RuleId, ct) is not { } rule)
            return;
        var now = clock.GetUtcNow();
        var today = calendar.DayOf(now);
        var spendable = await db.CreditLots.Where(CreditLot.SpendableAt(now)).Where(x => x.AccountId == rule.AccountId)
            .SumAsync(x => x.Remaining, ct);
        if (!rule.Active || owner is not { Active: true } || spendable >= rule.Below)
        {
            await DueAsync(rule, false, ct);
            return;
        }

        var (times, amount) = await DoneAsync(rule, AutomaticTopUps.KeysOf(rule.Unit, today), ct);
        if (!rule.Allows(times, amount))
        {
            // Nothing looks before: the mark stays.
            await DueAsync(rule, true, ct);
            db.Publish(message, calendar.StartOf(new DateOnly(today.Year, today.Month, 1).AddMonths(1)));
            return;
        }

        // Before it is added to, so that a balance that is still below is seen and comes again.
        await DueAsync(rule, false, ct);
        if ((await ledger.TopUpAsync(
            owner, AutomaticTopUps.KeyOf(rule.Unit, today, times + 1), [new(rule.Unit, rule.Amount)], CreditEnd.InMonths(rule.ExpiryMonths), ct))
            .Refused(out var refusal, out _))
            throw new InvalidOperationException($"Rule {rule.Id} could not top up: {refusal.Message}");
    }

    // By the ledger itself: a rule that is made anew goes on where the one before it stood.
    private async Task<(int Times, decimal Amount)> DoneAsync(TopUpRule rule, string keys, CancellationToken ct)
    {
        var done = await db.LedgerTransactions.Where(
                x => x.OwnerId == rule.OwnerId && x.Kind == TransactionKind.TopUp && x.Key.StartsWith(keys))
            .Select(x => db.LedgerEntries.Where(e => e.TransactionId == x.Id && e.AccountId == rule.AccountId).Sum(e => e.Amount))
            .ToListAsync(ct);
        return (done.Count, done.Sum());
    }

    private async Task DueAsync(TopUpRule rule, bool due, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "update billing.top_up_rules set is_due = $2 where id = $1", await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = rule.Id }, new() { Value = due } } };
        await command.ExecuteNonQueryAsync(ct);
    }
}
