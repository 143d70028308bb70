using Licensing.Usage.Data;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>
/// Finds whose rollups the server refuses to read, so that a question goes on without them: their days are marked to be computed anew, which mends
/// what only the rollups had wrong, and until that is done they are noted as unmerged (ADR 0061).
/// </summary>
internal sealed class UnreadableTenants(
    NpgsqlDataSource database, UnmergedTenants unmerged, UsageSettings settings, BillingCalendar calendar, UsageMeter meter, TimeProvider clock,
    ILogger<UnreadableTenants> log)
{
    // Where the first so many that are asked one by one are refused, and nothing was read before, it is the table or its index: to compute all of
    // them anew would mend nothing.
    private const int MostBeforeAnyoneIsRead = 32;

    /// <summary>Asks in halves, on a connection of its own: that of the caller may be lost, and his transaction is.</summary>
    /// <returns>Those without whom the question has an answer; none where it is not about single tenants.</returns>
    public async Task<IReadOnlyCollection<Guid>> FindAsync(UsageQuestion question, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var known = await UnmergedTenants.AllAsync(connection, ct);
        // Who is known already is asked about by himself: mostly the others are one question then.
        var parts = new Stack<Guid[]>(question.Tenants.Where(known.Contains).Select(tenant => (Guid[])[tenant]));
        // The others in no order of theirs: who came one after another has his rows on the same pages.
        parts.Push([.. question.Tenants.Except(known).OrderBy(tenant => tenant.GetHashCode())]);
        var (found, isAnyoneRead) = (new Dictionary<Guid, PostgresException>(), false);
        while (parts.TryPop(out var some))
        {
            if (some.Length == 0)
                continue;
            if (await RefusalAsync(connection, question, some, ct) is not { } refused)
                isAnyoneRead = true;
            else if (some is not [var one])
                parts.PushHalves(some);
            else if (found.TryAdd(one, refused) && found.Count == MostBeforeAnyoneIsRead && !isAnyoneRead && !known.Contains(one))
                return [];
        }

        foreach (var (tenant, refused) in found)
        {
            await unmerged.DoubtAsync(connection, tenant, Kept(await RefusedMonthsAsync(connection, question, tenant, ct)), refused, ct);
            meter.Unmerged();
            log.LogError(
                refused, "Rollups of tenant {Tenant} cannot be read. They are computed anew; until then nobody bills it. See 'ops usage verify'.",
                tenant);
        }

        return found.Keys;
    }

    /// <summary>Everyone who has rollups of a period: who is asked about where nobody is named.</summary>
    public async Task<IReadOnlyCollection<Guid>> AskedAsync(Period period, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            "select distinct tenant_id from usage.month_changes where month >= date_trunc('month', $1::timestamp)::date and month < $2");
        command.Parameters.Add(new() { Value = period.Start });
        command.Parameters.Add(new() { Value = period.End });
        var tenants = new List<Guid>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            tenants.Add(rows.GetGuid(0));
        return tenants;
    }

    private static async Task<PostgresException?> RefusalAsync(
        NpgsqlConnection connection, UsageQuestion question, Guid[] tenants, CancellationToken ct)
    {
        try
        {
            await question.AskAsync(tenants, (connection, null), byIndex: true, static (_, _) => ValueTask.FromResult(true), ct);
            return null;
        }
        catch (PostgresException refused) when (DamagedData.Is(refused))
        {
            await DamagedData.GoOnAsync(connection, ct);
            return refused;
        }
    }

    // His other months are billed as ever. Where none is refused by itself, as only their sum is, each of them may be wrong.
    private static async Task<IReadOnlyCollection<DateOnly>> RefusedMonthsAsync(
        NpgsqlConnection connection, UsageQuestion question, Guid tenant, CancellationToken ct)
    {
        DateOnly[] months = [.. question.Months(tenant).Select(day => new DateOnly(day.Year, day.Month, 1)).Distinct()];
        if (months.Length == 1)
            return months;
        var refused = new List<DateOnly>();
        foreach (var month in months)
            if (await RefusalAsync(connection, question.In(Period.Month(month.Year, month.Month)), [tenant], ct) is not null)
                refused.Add(month);
        return refused.Count == 0 ? months : refused;
    }

    // Whole months: a month is computed from all of its days. Older days cannot be computed any more, and later ones have nothing yet.
    private List<Period> Kept(IEnumerable<DateOnly> months)
    {
        var (first, last) = (settings.FirstWhole(calendar, clock.GetUtcNow()), calendar.DayOf(clock.GetUtcNow()).AddMonths(1));
        var kept = new List<Period>();
        foreach (var month in months.Where(month => month <= last))
            if (Period.TryCreate(month < first ? first : month, month.AddMonths(1), out var days))
                kept.Add(days);
        return kept;
    }
}
