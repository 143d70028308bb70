using System.Runtime.CompilerServices;
using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Billing.Credit;

/// <summary>Which movements are asked for.</summary>
/// <param name="OrganizationId">Of whose credit.</param>
/// <param name="Unit">With something of this unit.</param>
/// <param name="Kind">What was done.</param>
/// <param name="From">The first day, in the billing time zone.</param>
/// <param name="Until">The day after the last.</param>
internal sealed record MovementFilter(Guid? OrganizationId, string? Unit, string? Kind, DateOnly? From, DateOnly? Until);

/// <summary>What a movement added to the credit of one unit, or took from it.</summary>
internal sealed record MovementRow(
    Guid Id, Guid OrganizationId, string Kind, string Reference, string? Description, string Unit, decimal Amount, DateTimeOffset CreatedAt);

/// <summary>The movements that the caller may see and that a filter takes.</summary>
internal sealed class MovementSearch(BillingDb db, NpgsqlDataSource database, BillingCalendar calendar, Principal principal)
{
    internal sealed record Found(TransactionKind? Kind, DateTimeOffset? From, DateTimeOffset? Until);

    public static Result<Found> Read(MovementFilter filter, BillingCalendar calendar)
    {
        if (QueryWord.Refuses<TransactionKind>("kind", filter.Kind, out var kind, out var refusal))
            return refusal;
        if (filter.From >= filter.Until)
            return QueryWord.NotAfter("from", "until");
        // East of Greenwich the first day of all begins before there are instants.
        DateTimeOffset StartOf(DateOnly day) => calendar.StartOf(day > DateOnly.MinValue ? day : day.AddDays(1));
        return new Found(kind, filter.From is { } from ? StartOf(from) : null, filter.Until is { } until ? StartOf(until) : null);
    }

    internal sealed record Movements(IQueryable<LedgerTransaction> Rows);

    public Result<Movements> Rows(MovementFilter filter)
    {
        if (Read(filter, calendar).Refused(out var refusal, out var found))
            return refusal;
        var rows = db.LedgerTransactions.AsNoTracking().Within(principal.Scope);
        if (filter.OrganizationId is { } organization)
            rows = rows.Where(x => x.OwnerId == new OrganizationId(organization));
        if (filter.Unit is { } unit)
            rows = rows.Where(x => db.LedgerEntries.Any(e => e.TransactionId == x.Id && e.Unit == unit));
        if (found.Kind is { } kind)
            rows = rows.Where(x => x.Kind == kind);
        if (found.From is { } from)
            rows = rows.Where(x => x.CreatedAt >= from);
        if (found.Until is { } until)
            rows = rows.Where(x => x.CreatedAt < until);
        return new Movements(rows);
    }

    /// <summary>All of them, newest first, one row per unit, as they are read.</summary>
    public Result<Stream> Export(MovementFilter filter) => Read(filter, calendar).Refused(out var refusal, out var found)
        ? refusal
        : new Stream(ReadAsync(filter, found, principal.Scope));

    internal sealed record Stream(IAsyncEnumerable<MovementRow> Rows);

    private async IAsyncEnumerable<MovementRow> ReadAsync(
        MovementFilter filter, Found found, Scope scope, [EnumeratorCancellation] CancellationToken ct = default)
    {
        var (lower, upper) = scope.Ranges();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var select = new NpgsqlCommand(
            """
            select t.id, t.owner_id, t.kind, t.reference, t.description, e.unit, e.amount, t.created_at
            from billing.ledger_transactions t
            cross join lateral (
                select unit, sum(amount) as amount from billing.ledger_entries
                where transaction_id = t.id and lot_id is not null and unit = coalesce($4, unit) group by unit) e
            where exists (select from unnest($1::text[], $2::text[]) as r (lower, upper)
                    where t.owner_path >= r.lower collate "C" and t.owner_path < r.upper collate "C")
                and ($3::uuid is null or t.owner_id = $3) and ($5::text is null or t.kind = $5)
                and ($6::timestamptz is null or t.created_at >= $6) and ($7::timestamptz is null or t.created_at < $7)
            order by t.id desc, e.unit
            """, connection)
        {
            CommandTimeout = 0,
            Parameters =
            {
                new() { Value = lower }, new() { Value = upper }, new NpgsqlParameter<Guid?> { TypedValue = filter.OrganizationId },
                new NpgsqlParameter<string?> { TypedValue = filter.Unit }, new NpgsqlParameter<string?> { TypedValue = found.Kind?.ToString() },
                new NpgsqlParameter<DateTimeOffset?> { TypedValue = found.From }, new NpgsqlParameter<DateTimeOffset?> { TypedValue = found.Until },
            },
        };
        await using var rows = await select.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            yield return new(
                rows.GetGuid(0), rows.GetGuid(1), rows.GetString(2), rows.GetString(3), rows.IsDBNull(4) ? null : rows.GetString(4),
                rows.GetString(5), rows.GetDecimal(6), rows.GetFieldValue<DateTimeOffset>(7));
    }
}
