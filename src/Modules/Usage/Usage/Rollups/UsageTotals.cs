using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Licensing.Usage.Data;
using Npgsql;

namespace Licensing.Usage.Rollups;

internal sealed class UsageTotals(DbSession session, RollingUp rollups, UnreadableTenants unreadable, ICatalog catalog)
    : IUsageTotals, IUsageChanges
{
    // From the first refusal on: without whose row it is, a table that is read as a whole is refused all the same.
    private bool _byIndex;

    private static readonly string OfMonth = TotalsSql.OfMonth("k.tenant_id = any ($4)");

    private static readonly string OfDays = $"""
        with {TotalsSql.Of("select * from usage.daily_rollups where day >= $3 and day < $4 and tenant_id = any ($5)", "")}
        select tenant_id, subscription_id, meter, sku, region, {ExactColumn.Of("quantity", "quantity")}, records, negative_records
        from totals
        order by tenant_id, subscription_id, meter, sku, region
        """;

    private static readonly string OfStretches = $"""
        with {TotalsSql.Of($"select r.*, x.stretch {Stretches("daily_rollups", 3)}", "stretch, ")}
        select tenant_id, subscription_id, meter, sku, region, {ExactColumn.Of("quantity", "quantity")}, records, negative_records, stretch
        from totals
        order by tenant_id, subscription_id, stretch, meter, sku, region
        """;

    private static readonly string DistinctOfStretches = $"""
        select r.subscription_id, r.meter, count(distinct r.resource_id), count(distinct r.resource_id) filter (where r.sku = ''), x.stretch
        {Stretches("daily_resources", 1)}
        group by r.subscription_id, x.stretch, r.meter
        """;

    private const string Lacking = $"select distinct u.tenant_id from {UnmergedTenants.Lacking} where u.tenant_id = any ($3)";

    private static string Stretches(string table, int first) => $"""
        from unnest(${first}::uuid[], ${first + 1}::uuid[], ${first + 2}::date[], ${first + 3}::date[]) as x (tenant, subscription, stretch, until)
        join usage.{table} r on r.tenant_id = x.tenant and r.subscription_id = x.subscription and r.day >= x.stretch and r.day < x.until
        """;

    private static readonly string EachDay = $"""
        with {TotalsSql.Of(
            "select * from usage.daily_rollups where day >= $3 and day < $4 and tenant_id = any ($5) and subscription_id = any ($6)", "day, ")}
        select tenant_id, subscription_id, meter, sku, region, {ExactColumn.Of("quantity", "quantity")}, records, negative_records, day
        from totals
        order by tenant_id, subscription_id, meter, sku, region, day
        """;

    private static readonly string DistinctOfMonth = Distinct("monthly_resources", "month = $2");

    private static readonly string DistinctOfDays = Distinct("daily_resources", "day >= $2 and day < $3");

    private static string Distinct(string table, string days) => $"""
        select subscription_id, meter, count(distinct resource_id), count(distinct resource_id) filter (where sku = '')
        from usage.{table}
        where {days} and tenant_id = any ($1)
        group by subscription_id, meter
        """;

    // From the oldest transaction on that was not over then: whatever was committed in between, in whatever order, is told.
    private static string Changes(string whose) => $"""
        select n.next, c.tenant_id, c.month
        from (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as next) n
        left join usage.month_changes c on c.changed >= $1 and c.month >= $2 and c.month < $3{whose}
        order by c.tenant_id, c.month
        """;

    public async Task CatchUpAsync(Period period, CancellationToken ct) => await rollups.CatchUpAsync(period, null, ct);

    public async Task FreshenAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        if (tenants.Count > 0)
            await rollups.CatchUpAsync(period, SummarizeUsage.CatchUpRounds, ct, [.. tenants.Select(tenant => tenant.Value)]);
    }

    public async Task<IReadOnlySet<OrganizationId>> UnmergedAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        await using var command = await CommandAsync(Lacking, ct, Day(period.Start), Day(period.End), Ids(tenants));
        var unmerged = new HashSet<OrganizationId>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            unmerged.Add(new(rows.GetGuid(0)));
        return unmerged;
    }

    public async Task<IReadOnlyList<DailyUsage>> OfDaysAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, IReadOnlyCollection<SubscriptionId> subscriptions, CancellationToken ct)
    {
        var meters = await catalog.MetersAsync(ct);
        var question = Ask(EachDay, period, tenants, (some, days) =>
        [
            .. TotalsSql.Parameters(meters), Day(days.Start), Day(days.End), Ids(some),
            new() { Value = subscriptions.Select(subscription => subscription.Value).ToArray() },
        ]);
        for (; ; )
            try
            {
                return await ReadAsync(
                    question, async (row, ct) => new DailyUsage(row.GetFieldValue<DateOnly>(9), await TotalAsync(row, ct)), ct);
            }
            catch (UnreadableUsageException refused)
            {
                question = question with { Tenants = [.. question.Tenants.Except(refused.Tenants.Select(tenant => tenant.Value))] };
            }
    }

    public async Task<IReadOnlyList<UsageTotal>> OfTenantsAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        var meters = await catalog.MetersAsync(ct);
        return await ReadAsync(
            IsMonth(period)
                ? Ask(OfMonth, period, tenants, (some, days) => [Day(days.Start), .. TotalsSql.Parameters(meters), Ids(some)])
                : Ask(OfDays, period, tenants, (some, days) => [.. TotalsSql.Parameters(meters), Day(days.Start), Day(days.End), Ids(some)]),
            TotalAsync, ct);
    }

    public async Task<IReadOnlyList<DistinctUsage>> DistinctAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct) => await ReadAsync(
        IsMonth(period)
            ? Ask(DistinctOfMonth, period, tenants, (some, days) => [Ids(some), Day(days.Start)])
            : Ask(DistinctOfDays, period, tenants, (some, days) => [Ids(some), Day(days.Start), Day(days.End)]),
        DistinctAsync, ct);

    public async Task<IReadOnlyList<OfStretch<UsageTotal>>> OfStretchesAsync(IReadOnlyCollection<UsageStretch> stretches, CancellationToken ct)
    {
        var meters = await catalog.MetersAsync(ct);
        return await ReadAsync(
            Ask(OfStretches, stretches, some => [.. TotalsSql.Parameters(meters), .. Of(some)]),
            async (row, ct) => new OfStretch<UsageTotal>(row.GetFieldValue<DateOnly>(9), await TotalAsync(row, ct)), ct);
    }

    public async Task<IReadOnlyList<OfStretch<DistinctUsage>>> DistinctOfStretchesAsync(
        IReadOnlyCollection<UsageStretch> stretches, CancellationToken ct) => await ReadAsync(
        Ask(DistinctOfStretches, stretches, Of),
        async (row, ct) => new OfStretch<DistinctUsage>(row.GetFieldValue<DateOnly>(4), await DistinctAsync(row, ct)), ct);

    public async Task<ChangedUsage> SinceAsync(
        UsageMark mark, Period months, IReadOnlyCollection<OrganizationId>? tenants, CancellationToken ct)
    {
        await using var command = tenants is null
            ? await CommandAsync(Changes(""), ct, new() { Value = mark.Value }, Day(months.Start), Day(months.End))
            : await CommandAsync(
                Changes(" and c.tenant_id = any ($4)"), ct, new() { Value = mark.Value }, Day(months.Start), Day(months.End), Ids(tenants));
        var changed = new List<ChangedMonth>();
        var next = mark;
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            next = new UsageMark(rows.GetInt64(0));
            if (!rows.IsDBNull(1))
                changed.Add(new ChangedMonth(new(rows.GetGuid(1)), rows.GetFieldValue<DateOnly>(2)));
        }

        return new ChangedUsage(changed, next);
    }

    private static async ValueTask<UsageTotal> TotalAsync(NpgsqlDataReader rows, CancellationToken ct) => new(
        new(rows.GetGuid(0)), new(rows.GetGuid(1)), rows.GetString(2), rows.GetString(3), rows.GetString(4), await ExactColumn.ReadAsync(rows, 5, ct),
        rows.GetInt64(7))
    {
        NegativeRecords = rows.GetInt64(8),
    };

    private static ValueTask<DistinctUsage> DistinctAsync(NpgsqlDataReader row, CancellationToken ct) =>
        ValueTask.FromResult(new DistinctUsage(new(row.GetGuid(0)), row.GetString(1), row.GetInt64(2), row.GetInt64(3)));

    private static bool IsMonth(Period period) => period.Start.Day == 1 && period.Start.AddMonths(1) == period.End;

    private static NpgsqlParameter Day(DateOnly day) => new() { Value = day };

    private static IEnumerable<NpgsqlParameter> Of(IReadOnlyCollection<UsageStretch> stretches) =>
    [
        new() { Value = stretches.Select(x => x.TenantId.Value).ToArray() },
        new() { Value = stretches.Select(x => x.SubscriptionId.Value).ToArray() },
        new() { Value = stretches.Select(x => x.Days.Start).ToArray() }, new() { Value = stretches.Select(x => x.Days.End).ToArray() },
    ];

    private static UsageQuestion Ask(
        string sql, Period period, IReadOnlyCollection<OrganizationId> tenants,
        Func<IReadOnlyCollection<Guid>, Period, IEnumerable<NpgsqlParameter>> of) =>
        new(sql, [.. tenants.Select(tenant => tenant.Value).Distinct()], (some, month) => of(some, month?.Intersect(period) ?? period),
            _ => UsageQuestion.MonthsOf(period));

    private static UsageQuestion Ask(
        string sql, IReadOnlyCollection<UsageStretch> stretches, Func<IReadOnlyCollection<UsageStretch>, IEnumerable<NpgsqlParameter>> of) =>
        new(sql, [.. stretches.Select(x => x.TenantId.Value).Distinct()],
            (some, month) => of([.. In(month, stretches.Join(some, x => x.TenantId.Value, tenant => tenant, (x, _) => x))]),
            tenant => stretches.Where(x => x.TenantId.Value == tenant).SelectMany(x => UsageQuestion.MonthsOf(x.Days)));

    private static IEnumerable<UsageStretch> In(Period? month, IEnumerable<UsageStretch> stretches) => month is not { } days
        ? stretches
        : stretches.SelectMany(x => x.Days.Intersect(days) is { } both ? (UsageStretch[])[x with { Days = both }] : []);

    private async Task<List<T>> ReadAsync<T>(
        UsageQuestion question, Func<NpgsqlDataReader, CancellationToken, ValueTask<T>> row, CancellationToken ct)
    {
        try
        {
            return await question.AskAsync(question.Tenants, (await session.OpenAsync(ct), session.Transaction), _byIndex, row, ct);
        }
        catch (PostgresException refused) when (DamagedData.Is(refused))
        {
            var found = await unreadable.FindAsync(question, ct);
            // A transaction has ended with it; whose tries again is told who is noted.
            if (session.InTransaction || (found.Count == 0 && _byIndex))
                throw;
            _byIndex = true;
            return found.Count == 0
                ? await ReadAsync(question, row, ct)
                : throw new UnreadableUsageException([.. found.Select(tenant => new OrganizationId(tenant))], refused);
        }
    }

    private static NpgsqlParameter Ids(IEnumerable<OrganizationId> tenants) => Ids([.. tenants.Select(tenant => tenant.Value)]);

    private static NpgsqlParameter Ids(IReadOnlyCollection<Guid> tenants) => new() { Value = tenants.ToArray() };

    private async Task<NpgsqlCommand> CommandAsync(string sql, CancellationToken ct, params IEnumerable<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlCommand(sql, await session.OpenAsync(ct), session.Transaction);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }
}
