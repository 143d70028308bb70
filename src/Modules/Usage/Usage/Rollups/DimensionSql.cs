namespace Licensing.Usage.Rollups;

/// <summary>
/// Cells by the dimensions that a meter declares, beside those that are billed. Of each tenant and day so many sets of dimensions have cells
/// of their own; what comes beyond them is one set, so that a sender of ever new values costs no more than that.
/// </summary>
internal static class DimensionSql
{
    /// <summary>Names <c>split</c>: the records of the source whose meter declares dimensions, with their set and what is in it.</summary>
    /// <remarks>$3 meters and, in parallel to them, $4 keys.</remarks>
    public const string Split = """
        declared as (select meter, array_agg(key) as keys from unnest($3::text[], $4::text[]) as m(meter, key) group by meter),
        split as materialized (
            select s.*, encode(substring(sha256(convert_to(d.dims::text, 'UTF8')) for 16), 'hex')::uuid as named_set, d.dims
            from source s
            join declared m using (meter)
            cross join lateral (
                select coalesce(jsonb_object_agg(e.key, e.value), '{}'::jsonb) as dims
                from jsonb_each(s.dimensions) e where e.key = any (m.keys)) d)
        """;

    /// <summary>Names <c>placed</c>: the split records with the set whose cells they belong to, by the sets that <c>own</c> names.</summary>
    /// <remarks>Not kept although it is read twice: mostly the second reader wants nothing of it.</remarks>
    public const string Placed = $"""
        placed as not materialized (
            select s.*, coalesce(o.dimension_set, {RollupSql.OtherSet}) as dimension_set
            from split s
            left join own o on o.tenant_id = s.tenant_id and o.day = s.day and o.dimension_set = s.named_set)
        """;

    // $5 is how many sets of a tenant and day have cells of their own. The tenant's lock keeps others from adding any meanwhile.
    private const string Own = """
        known as (
            select d.tenant_id, d.day, d.dimension_set
            from usage.dimension_sets d join (select distinct tenant_id, day from split) w using (tenant_id, day)),
        fresh as (
            select tenant_id, day, named_set, dims, row_number() over (partition by tenant_id, day order by named_set) as place
            from (
                select distinct on (s.tenant_id, s.day, s.named_set) s.tenant_id, s.day, s.named_set, s.dims
                from split s
                left join known k on k.tenant_id = s.tenant_id and k.day = s.day and k.dimension_set = s.named_set
                where k.tenant_id is null
                order by s.tenant_id, s.day, s.named_set) f),
        added as (
            insert into usage.dimension_sets (tenant_id, day, dimension_set, dimensions)
            select f.tenant_id, f.day, f.named_set, f.dims
            from fresh f left join (select tenant_id, day, count(*) as sets from known group by 1, 2) k using (tenant_id, day)
            where f.place + coalesce(k.sets, 0) <= $5
            returning tenant_id, day, dimension_set),
        own as (select tenant_id, day, dimension_set from known union all select tenant_id, day, dimension_set from added)
        """;

    /// <summary>The resources of the placed records, of meters that count them.</summary>
    /// <param name="unique">The parameter with these meters.</param>
    public static string Resources(string unique) => $"""
        select distinct {RollupSql.Cell}, dimension_set, resource_id from placed where resource_id is not null and meter = any ({unique})
        """;

    /// <summary>Adds the records of a source to the cells by dimensions, and their resources to those of the sets.</summary>
    /// <remarks>$6 meters that count resources.</remarks>
    public static string Add(string source) => $"""
        with {source}, {Split}, {Own}, {Placed}, {RollupSql.Cells("placed", ", dimension_set")},
        new_resources as (
            insert into usage.daily_dimension_resources ({RollupSql.Cell}, dimension_set, resource_id) {Resources("$6")}
            on conflict do nothing)
        {RollupSql.AddDimensions}
        """;
}
