using Licensing.Billing.Contracts;
using Licensing.Commissions.Data;
using Licensing.Commissions.Statements;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Commissions.Payouts;

/// <summary>
/// Books what statements say and what becomes of payouts into Billing's journal, in the transaction that writes them; each once, by its reference
/// (ADR 0070).
/// </summary>
internal sealed class CommissionBooks(CommissionsDb db, DbSession session, ICommissionJournal journal, BillingCalendar calendar, TimeProvider clock)
{
    // Unpaid payouts, and what the last statement of each did not pay out and nobody has settled.
    private const string Owed =
        """
        select organization_id, max(owner_path), currency, sum(amount) from (
            select organization_id, owner_path, currency, amount from commissions.payouts where paid_on is null
            union all
            select organization_id, owner_path, currency, carried_out from (
                select distinct on (organization_id) id, organization_id, owner_path, currency, carried_out from commissions.statements
                order by organization_id, closing desc) last
            where not exists (select from commissions.settlements x where x.statement_id = last.id)) owed
        group by organization_id, currency having sum(amount) <> 0
        """;

    /// <summary>
    /// What is owed of closings from before there were books, once and before anything else is booked. Nothing is looked at where there is none.
    /// </summary>
    public async Task OpenAsync(CancellationToken ct)
    {
        if (!await UnpostedAsync(ct))
            return;
        await db.LockClosingsAsync(ct);
        if (!await UnpostedAsync(ct))
            return;

        var owed = new List<CommissionPosting>();
        await using (var select = new NpgsqlCommand(Owed, await session.OpenAsync(ct)))
        await using (var row = await select.ExecuteReaderAsync(ct))
            while (await row.ReadAsync(ct))
                owed.Add(new CommissionPosting(
                    $"commission-opening:{row.GetGuid(0)}:{row.GetString(2)}", CommissionPostingKind.Commission, $"COM-OPENING-{row.GetGuid(0):N}",
                    new OrganizationId(row.GetGuid(0)), row.GetString(1), Today, Currency.Parse(row.GetString(2)),
                    [new("opening", row.GetDecimal(3))]));
        await journal.PostAsync(owed, ct);
        await db.Database.ExecuteSqlAsync($"update commissions.closings set posted = true where not posted", ct);
    }

    /// <summary>What each earned in the month, and what later news of others brought, by the month it is of.</summary>
    public Task ClosedAsync(IReadOnlyList<(DueStatement Due, Statement Statement)> statements, CancellationToken ct) =>
        journal.PostAsync(
            [.. statements.Select(x => new CommissionPosting(
                $"commission:{x.Statement.Id.Value}", CommissionPostingKind.Commission,
                $"COM-{x.Statement.PeriodStart:yyyy-MM}-{x.Statement.Id.Value:N}", x.Statement.OrganizationId, x.Statement.OwnerPath,
                calendar.DayOf(x.Statement.ClosedAt), x.Statement.Currency,
                [
                    new($"{x.Statement.PeriodStart:yyyy-MM}", x.Statement.Commission),
                    .. x.Due.Adjustments.Select(a => new CommissionPostingPart($"{a.Month.Start:yyyy-MM}", a.Commission)),
                ]))],
            ct);

    /// <summary>What an organisation owes and is not asked for: an expense, and it owes it no longer.</summary>
    public Task WrittenOffAsync(Settlement x, CancellationToken ct) =>
        journal.PostAsync(
            [
                new CommissionPosting(
                    $"commission-write-off:{x.StatementId.Value}", CommissionPostingKind.Commission, $"COM-OFF-{x.StatementId.Value:N}",
                    x.OrganizationId, x.OwnerPath, calendar.DayOf(x.SettledAt), x.Currency, [new("write-off", -x.Amount)]),
            ],
            ct);

    public Task PaidAsync(Payout payout, CancellationToken ct) =>
        PostAsync(payout, CommissionPostingKind.CommissionPayout, "PAY", "paid", payout.PaidOn!.Value, payout.Reference!, ct);

    /// <summary>What was paid by the reference has come back.</summary>
    public Task ReturnedAsync(Payout payout, string reference, CancellationToken ct) =>
        PostAsync(payout, CommissionPostingKind.CommissionReturn, "RET", "returned", payout.FailedOn!.Value, reference, ct);

    private DateOnly Today => calendar.DayOf(clock.GetUtcNow());

    private async Task PostAsync(
        Payout payout, CommissionPostingKind kind, string series, string what, DateOnly on, string reference, CancellationToken ct)
    {
        await OpenAsync(ct);
        await journal.PostAsync(
            [
                new CommissionPosting(
                    $"commission-payout:{payout.Id.Value}:{payout.Payments}:{what}", kind, $"COM-{series}-{payout.Id.Value:N}-{payout.Payments}",
                    payout.OrganizationId, payout.OwnerPath, on, payout.Currency, [new(reference, payout.Amount)]),
            ],
            ct);
    }

    private Task<bool> UnpostedAsync(CancellationToken ct) => db.Closings.AnyAsync(x => !x.Posted, ct);
}
