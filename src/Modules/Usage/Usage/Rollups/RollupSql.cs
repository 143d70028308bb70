namespace Licensing.Usage.Rollups;

/// <summary>
/// What a cell is, as SQL: merging new batches, computing a day anew and proving the rollups are made of the same texts. Each of them first
/// names its <c>source</c>, the records that it looks at.
/// </summary>
internal static class RollupSql
{
    public const string Cell = "tenant_id, subscription_id, day, meter, sku, region";
    public const string MonthCell = "tenant_id, subscription_id, month, meter, sku, region";

    /// <summary>The set of all sets of dimensions beyond the bound.</summary>
    public const string OtherSet = "'00000000-0000-0000-0000-000000000000'::uuid";

    public const string Month = "date_trunc('month', day::timestamp)::date";

    private const string DimensionFigures = "records, total, largest, last_quantity, last_started_at, last_received_at, last_record_id";

    private const string Figures = $"{DimensionFigures}, negative_records";

    private const string Columns =
        "tenant_id, subscription_id, day, meter, sku, region, owner_path, quantity, started_at, received_at, record_id, resource_id, dimensions";

    // Also of a batch that is merged: its turn may come after that of the day that a correction had marked.
    private const string NotCorrected =
        "not exists (select from usage.corrections c where c.tenant_id = r.tenant_id and c.day = r.day and c.record_id = r.record_id)";

    // Of one start the record that arrived last counts, and of one arrival the one with the greater id.
    private const string NewestFirst = "started_at desc, received_at desc, record_id desc";
    private const string NewestCellFirst = "last_started_at desc, last_received_at desc, last_record_id desc";

    /// <summary>The records of batches: $1 tenants, $2 days and, in parallel to them, the batches and about when they came.</summary>
    /// <remarks>
    /// Offset 0 keeps the planner from reading the whole table once for all batches instead of a few index entries for each. The time of
    /// receipt, which a batch's id is made of, leads to its partition.
    /// </remarks>
    public static string OfBatches(string batches, string received) => $"""
        taken as materialized (
            select * from unnest($1::uuid[], $2::date[], {batches}::uuid[], {received}::timestamptz[]) as t(tenant_id, day, batch_id, received_at)),
        source as materialized (
            select r.* from taken t
            cross join lateral (
                select {Columns} from usage.records r
                where r.tenant_id = t.tenant_id and r.day = t.day and r.batch_id = t.batch_id and {NotCorrected}
                    and r.received_at >= t.received_at - interval '1 hour' and r.received_at < t.received_at + interval '1 hour' offset 0) r)
        """;

    /// <summary>The records of days that are named in <c>wanted (tenant_id, day)</c>, as far as they count.</summary>
    public static string OfDays => $"""
        source as materialized (
            select r.* from wanted w
            cross join lateral (select {Columns} from usage.records r where r.tenant_id = w.tenant_id and r.day = w.day and {Counts} offset 0) r)
        """;

    /// <summary>$1 tenants, $2 days.</summary>
    public const string Wanted = "wanted as materialized (select * from unnest($1::uuid[], $2::date[]) as w(tenant_id, day))";

    /// <summary>
    /// Not corrected, and of no batch that is still to be merged: such a batch may have come while the day was computed, and would count
    /// twice when its turn comes.
    /// </summary>
    public const string Counts = $"""
        {NotCorrected}
        and not exists (select from usage.dirty_days d where d.tenant_id = r.tenant_id and d.day = r.day and d.batch_id = r.batch_id)
        """;

    /// <summary>
    /// Keeps the resources of the source and names those that the day did not have yet: <c>new_resources</c>. $3 meters that count them.
    /// </summary>
    public const string NewResources = $"""
        new_resources as (
            insert into usage.daily_resources ({Cell}, resource_id)
            select distinct {Cell}, resource_id from source where resource_id is not null and meter = any ($3)
            on conflict do nothing returning {Cell}, resource_id)
        """;

    /// <summary>Names <c>cells</c>: what the records of the source add up to, per cell and further columns.</summary>
    /// <param name="from">The source, or something of its form.</param>
    /// <param name="further">A column that splits cells, with a comma before it.</param>
    /// <remarks>
    /// In one pass: what two passes find would have to be joined, and of a source whose size it does not know the planner joins each with each.
    /// </remarks>
    public static string Cells(string from, string further = "") => $"""
        cells as materialized (
            select distinct on ({Cell}{further}) {Cell}{further}, owner_path, count(*) over c as records, sum(quantity) over c as total,
                count(*) filter (where quantity < 0) over c as negative_records, max(quantity) over c as largest, quantity as last_quantity,
                started_at as last_started_at, received_at as last_received_at, record_id as last_record_id
            from {from} window c as (partition by {Cell}{further})
            order by {Cell}{further}, {NewestFirst})
        """;

    /// <summary>Adds the cells to the days.</summary>
    public static string AddDaily => $"""
        insert into usage.daily_rollups as k ({Cell}, owner_path, {Figures}, resources)
        select {Cell}, owner_path, {Figures}, coalesce(u.resources, 0)
        from cells left join (select {Cell}, count(*) as resources from new_resources group by {Cell}) u using ({Cell})
        on conflict ({Cell}) do update set {Added}, {MoreNegativeRecords}, {Newest("owner_path")}, resources = k.resources + excluded.resources
        """;

    public static string AddDimensions => $"""
        insert into usage.daily_dimension_rollups as k ({Cell}, dimension_set, owner_path, {DimensionFigures})
        select {Cell}, dimension_set, owner_path, {DimensionFigures} from cells
        on conflict ({Cell}, dimension_set) do update set {Added}, {Newest("owner_path")}
        """;

    /// <summary>Adds cells of days to the months; with it goes <c>new_monthly_resources</c>.</summary>
    /// <param name="from">Cells of days.</param>
    public static string AddMonthly(string from) => $"""
        insert into usage.monthly_rollups as k ({MonthCell}, {Figures}, resources)
        select {MonthCell}, {Figures}, coalesce(u.resources, 0)
        from ({MonthOf(from)}) m
        left join (select {MonthCell}, count(*) as resources from new_monthly_resources group by {MonthCell}) u using ({MonthCell})
        on conflict ({MonthCell}) do update set {Added}, {MoreNegativeRecords}, resources = k.resources + excluded.resources
        """;

    /// <summary>The months of some cells of days.</summary>
    public static string MonthOf(string days) => $"""
        select distinct on ({MonthCell}) {MonthCell}, (sum(records) over c)::bigint as records, sum(total) over c as total,
            max(largest) over c as largest, last_quantity, last_started_at, last_received_at, last_record_id,
            (sum(negative_records) over c)::bigint as negative_records
        from (select d.*, {Month} as month from {days} d) d window c as (partition by {MonthCell})
        order by {MonthCell}, {NewestCellFirst}
        """;

    public static string NewMonthlyResources(string from) => $"""
        new_monthly_resources as (
            insert into usage.monthly_resources ({MonthCell}, resource_id)
            select distinct tenant_id, subscription_id, {Month}, meter, sku, region, resource_id from {from}
            on conflict do nothing returning {MonthCell})
        """;

    /// <summary>
    /// Notes by which transaction months changed; whoever asks takes all from the oldest transaction that was open when he asked last.
    /// </summary>
    public static string NoteChanges(string days) => $"""
        insert into usage.month_changes (tenant_id, month, changed, unseen)
        select distinct tenant_id, {Month}, pg_current_xact_id()::text::bigint, true from {days}
        on conflict (tenant_id, month) do update set changed = excluded.changed, unseen = true
        """;

    private static string Added => $"""
        records = k.records + excluded.records, total = k.total + excluded.total, largest = greatest(k.largest, excluded.largest),
        {Newest("last_quantity")}, {Newest("last_started_at")}, {Newest("last_received_at")}, {Newest("last_record_id")}
        """;

    private const string MoreNegativeRecords = "negative_records = k.negative_records + excluded.negative_records";

    private static string Newest(string column) => $"""
        {column} = case
            when (excluded.last_started_at, excluded.last_received_at, excluded.last_record_id)
                > (k.last_started_at, k.last_received_at, k.last_record_id)
            then excluded.{column} else k.{column} end
        """;
}
