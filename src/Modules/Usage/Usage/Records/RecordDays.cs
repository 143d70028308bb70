using System.Runtime.CompilerServices;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Data;
using Npgsql;

namespace Licensing.Usage.Records;

/// <summary>Days of a tenant of which records are to be read.</summary>
internal readonly record struct RecordSpan(Guid Tenant, DateOnly From, DateOnly Until);

/// <summary>
/// The days of which a subscription or a meter has any records. No index of the records knows those, so they are looked for where a record leaves
/// a trace of its day: in a cell, or in its mark, or in its correction. Days are asked for some at a time, of a few tenants at first: a page takes
/// what it needs, however many tenants there are and however long they have been there.
/// </summary>
internal sealed class RecordDays(DbSession session)
{
    private const int FirstTenants = 4;
    private const int MostTenants = 1_000;
    private const int FirstDays = 8;
    private const int MostDays = 128;

    /// <param name="Subscription">The parameter that names it, or null.</param>
    /// <param name="Meter">A condition, or nothing.</param>
    /// <param name="Cells">Conditions that a correction does not know: whatever was corrected is looked at.</param>
    private readonly record struct Asked(string? Subscription, string Meter, string Cells)
    {
        public bool IsByMonth => Meter + Cells != "";

        public string OfSubscription => Subscription is null ? "" : $" and subscription_id = {Subscription}";
    }

    // From one day to the one before it, by one entry of an index for each source, however many cells and marks a day has. The cells of a meter are
    // looked for within a month that has some: one that has none of these days is passed over (found is false, and its first day the next bound).
    private static string Sql(Asked asked) => $"""
        with recursive days as (
            select t.id, t.until_day, false as found, 0 as place from unnest($1, $2) as t(id, until_day)
            union all
            select d.id, n.day, n.found, d.place + n.found::int
            from days d cross join lateral (
                select greatest(r.day, o.day, case when r.day is null then r.month end) as day,
                    r.day is not null or coalesce(o.day >= coalesce(r.month, o.day), false) as found
                from (
                    select m.month, {NewestCell(asked)} as day
                    from (select {(asked.IsByMonth ? NewestMonth(asked) : "null::date")} as month offset 0) m offset 0) r
                cross join lateral (
                    select greatest({Newest("corrections", asked.OfSubscription + asked.Meter)}, {Newest("dirty_days", "")}) as day offset 0) o) n
            where d.until_day is not null and d.place < $4)
        select id, until_day from days where found order by id, until_day desc
        """;

    private const string InMonth = " and day >= m.month and day < m.month + interval '1 month'";

    // Of one subscription along the key of the cells, which nothing else is in the order of: the index of a tenant's days has those of whatever
    // else he ever used, too.
    private static string NewestCell(Asked asked) => asked.Subscription is not { } subscription
        ? Newest("daily_rollups", asked.Meter + asked.Cells + (asked.IsByMonth ? InMonth : ""))
        : $"""
        (select day from usage.daily_rollups
            where (tenant_id, subscription_id, day) >= (d.id, {subscription}, greatest($3, m.month))
                and (tenant_id, subscription_id, day) < (d.id, {subscription}, least(d.until_day, (m.month + interval '1 month')::date))
                {asked.Meter}{asked.Cells}{(asked.IsByMonth ? " and m.month is not null" : "")}
            order by tenant_id desc, subscription_id desc, day desc limit 1)
        """;

    private static string Newest(string table, string which) =>
        $"(select day from usage.{table} where tenant_id = d.id and day >= $3 and day < d.until_day{which} order by day desc limit 1)";

    private static string NewestMonth(Asked asked) => $"""
        (select month from usage.monthly_rollups
            where tenant_id = d.id and month >= date_trunc('month', $3::timestamp) and month < d.until_day
                {asked.OfSubscription}{asked.Meter}{asked.Cells}
            order by month desc limit 1)
        """;

    /// <param name="query">What is asked: of a subscription, a meter, a SKU or a region.</param>
    /// <param name="tenants">Of whom, in the order of their ids.</param>
    /// <param name="cursor">Where the page before ended, or null: its day is the first of its tenant.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Tenant by tenant, the newest day of each first; read as they are taken.</returns>
    public async IAsyncEnumerable<RecordSpan> OfAsync(
        ListRecords.Query query, IEnumerable<Guid> tenants, RecordCursor? cursor, [EnumeratorCancellation] CancellationToken ct)
    {
        var end = query.Until ?? DateOnly.MaxValue;
        var most = FirstTenants;
        var some = new List<(Guid Id, DateOnly Until)>();
        foreach (var tenant in tenants)
        {
            some.Add((tenant, cursor is not null && tenant == cursor.Tenant && cursor.Day < end ? cursor.Day.AddDays(1) : end));
            if (some.Count < most)
                continue;
            await foreach (var span in OfAsync(query, some, ct))
                yield return span;
            some.Clear();
            most = Math.Min(4 * most, MostTenants);
        }

        await foreach (var span in OfAsync(query, some, ct))
            yield return span;
    }

    private async IAsyncEnumerable<RecordSpan> OfAsync(
        ListRecords.Query query, List<(Guid Id, DateOnly Until)> tenants, [EnumeratorCancellation] CancellationToken ct)
    {
        var found = tenants.Count == 0 ? [] : await ReadAsync(query, tenants, FirstDays, ct);
        foreach (var (tenant, _) in tenants)
        {
            var asked = FirstDays;
            for (var days = found.GetValueOrDefault(tenant); days is not null;)
            {
                foreach (var day in days)
                    yield return new(tenant, day, day.AddDays(1));
                // There may be older ones.
                var more = days.Count == asked;
                asked = Math.Min(4 * asked, MostDays);
                days = more ? (await ReadAsync(query, [(tenant, days[^1])], asked, ct)).GetValueOrDefault(tenant) : null;
            }
        }
    }

    private async Task<Dictionary<Guid, List<DateOnly>>> ReadAsync(
        ListRecords.Query query, List<(Guid Id, DateOnly Until)> tenants, int most, CancellationToken ct)
    {
        var parameters = new List<NpgsqlParameter>
        {
            new() { Value = tenants.Select(t => t.Id).ToArray() }, new() { Value = tenants.Select(t => t.Until).ToArray() },
            new() { Value = query.From ?? DateOnly.MinValue }, new() { Value = most },
        };
        // Only what is asked for is named: what might be null keeps the planner from the index that knows it.
        string? Named(object? value)
        {
            if (value is null)
                return null;
            parameters.Add(new() { Value = value });
            return $"${parameters.Count}";
        }

        static string Is(string column, string? named) => named is null ? "" : $" and {column} = {named}";
        var asked = new Asked(
            Named(query.SubscriptionId), Is("meter", Named(query.Meter)), Is("sku", Named(query.Sku)) + Is("region", Named(query.Region)));
        var days = new Dictionary<Guid, List<DateOnly>>();
        await ByIndex.ReadAsync(session, Sql(asked), parameters, row =>
        {
            if (row.GetGuid(0) is var tenant && days.TryGetValue(tenant, out var known))
                known.Add(row.GetFieldValue<DateOnly>(1));
            else
                days[tenant] = [row.GetFieldValue<DateOnly>(1)];
        }, ct);
        return days;
    }
}
