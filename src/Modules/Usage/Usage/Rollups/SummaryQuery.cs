using System.Globalization;
using System.Text.Json;
using Licensing.Catalog.Contracts;
using Licensing.Kernel.Http;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>What is asked of the summary.</summary>
/// <param name="Period">Which days.</param>
/// <param name="GroupBy">Always with the meter: quantities of different meters do not add up to anything.</param>
internal sealed record SummaryQuery(
    Period Period, IReadOnlyList<string> GroupBy, Guid? TenantId, Guid? SubscriptionId, string? Meter, string? Sku, string? Region)
{
    public const string Dimension = "dimension.";
    private const int MostDimensions = 5;

    // Whoever stands below these sees what is his under his own organisation: of two beginnings of a path the longer is the greater.
    private static string Above(int levels) => $$"""
        greatest(
            coalesce(substring(owner_path from '^(?:[0-9]+[.]){{{levels}}}'), owner_path) collate "C",
            (select f from unnest($6, $7) as s(f, u) where owner_path >= f and owner_path < u) collate "C")
        """;

    private static readonly IReadOnlyDictionary<string, string> Keys = new Dictionary<string, string>
    {
        ["meter"] = "meter",
        ["day"] = "day::text",
        ["month"] = "to_char(month, 'YYYY-MM')",
        ["sku"] = "sku",
        ["region"] = "region",
        ["subscription"] = "subscription_id::text",
        ["tenant"] = "tenant_id::text",
        ["partner"] = Above(3),
        ["distributor"] = Above(2),
    };

    public static Result<SummaryQuery> Read(
        string? period, string? groupBy, Guid? tenantId, Guid? subscriptionId, string? meter, string? sku, string? region, int mostDays)
    {
        if (!Period.TryParse(period, out var days))
            return PeriodRefusals.NotAPeriodIn("period");
        if (days.Days > mostDays)
            return QueryWord.Unreadable("period", $"period must not be longer than {mostDays} days; a file may be.");
        var keys = (groupBy ?? "meter").Split(',').Prepend("meter").Distinct(StringComparer.Ordinal).ToList();
        var isDimension = keys.ToLookup(k => k.StartsWith(Dimension, StringComparison.Ordinal) && k.Length > Dimension.Length);
        return isDimension[false].FirstOrDefault(k => !Keys.ContainsKey(k)) is { } unknown
            ? RollupRefusals.UnknownGroup(unknown, [.. Keys.Keys, Dimension + "<key>"])
            : isDimension[true].Count() > MostDimensions
                ? RollupRefusals.TooManyDimensions(MostDimensions)
                : new SummaryQuery(days, keys, tenantId, subscriptionId, meter, sku, region);
    }

    /// <summary>Whether it names a tenant or a subscription of which the caller reaches nothing: then there is no cell to look for.</summary>
    public bool NamesNobody(IReadOnlyCollection<Guid>? reached) => reached is { Count: 0 } && (TenantId ?? SubscriptionId) is not null;

    /// <summary>The groups in the order of their keys; columns are the keys, the quantity, the quantity as text, the records.</summary>
    /// <param name="page">Null: all of them.</param>
    /// <param name="command">Gets the statement.</param>
    /// <param name="scope">What the caller reaches.</param>
    /// <param name="meters">All there are.</param>
    /// <param name="of">Only of these tenants, by their cells; null: of all.</param>
    /// <returns>False where the page starts after what is no group.</returns>
    public bool TryWrite(
        NpgsqlCommand command, Scope scope, IReadOnlyDictionary<string, MeterRef> meters, PageStart? page, IReadOnlyCollection<Guid>? of = null)
    {
        var after = page?.After is null ? [] : AfterOf(page.After);
        if (after is null)
            return false;
        var (from, until) = scope.Ranges();
        foreach (var parameter in TotalsSql.WithCombining(meters))
            command.Parameters.Add(parameter);
        string Given(object value)
        {
            command.Parameters.Add(new() { Value = value });
            return $"${command.Parameters.Count}";
        }

        var where = $"k.day >= {Given(Period.Start)} and k.day < {Given(Period.End)}"
            + $" and exists (select 1 from unnest({Given(from)}, {Given(until)}) as s(f, u) where k.owner_path >= s.f and k.owner_path < s.u)"
            + (of is null ? "" : $" and k.tenant_id = any ({Given(of.ToArray())})")
            + string.Concat(Filters().Where(f => f.Value is not null).Select(f => $" and k.{f.Column} = {Given(f.Value!)}"));
        var dimensions = GroupBy.Where(k => k.StartsWith(Dimension, StringComparison.Ordinal)).ToList();
        var split = dimensions.Select((key, i) =>
            $"case when k.dimension_set = {RollupSql.OtherSet} then '(other)' "
            + $"else coalesce(d.dimensions ->> {Given(key[Dimension.Length..])}, '') end as d{i}");
        var month = $"{RollupSql.Month.Replace("day", "k.day", StringComparison.Ordinal)} as month";
        var cells = dimensions.Count == 0
            ? $"select k.*, {month} from usage.daily_rollups k where {where}"
            : $"""
                select k.*, {month}, {string.Join(", ", split)}
                from usage.daily_dimension_rollups k left join usage.dimension_sets d using (tenant_id, day, dimension_set) where {where}
                """;
        var further = string.Concat(GroupBy.Where(k => k is "day" or "month").Concat(dimensions.Select((_, i) => $"d{i}")).Select(c => $"{c}, "));
        var names = string.Join(", ", GroupBy.Select((_, i) => $"k{i}"));
        var keys = string.Join(", ", GroupBy.Select((key, i) =>
            $"({(dimensions.IndexOf(key) is var d and >= 0 ? $"d{d}" : Keys[key])}) collate \"C\" as k{i}"));
        var start = after.Length == 0 ? "" : $"where ({names}) > ({string.Join(", ", after.Select(Given))})";
        command.CommandText = $"""
            with {TotalsSql.Combined(cells, further, keys, names, start, dimensions.Count > 0)},
            summed as (select {names}, sum(quantity) as quantity, sum(records)::bigint as records from combined group by {names})
            select {names}, {ExactColumn.Of("quantity", "quantity")}, records from summed order by {names}
            {(page is null ? "" : $"limit {(page.Limit + 1).ToString(CultureInfo.InvariantCulture)}")}
            """;
        return true;
    }

    /// <summary>The same for being asked of some tenants; the page starts after a group.</summary>
    public UsageQuestion AskOf(
        IReadOnlyCollection<Guid> tenants, Scope scope, IReadOnlyDictionary<string, MeterRef> meters, PageStart? page)
    {
        using var written = new NpgsqlCommand();
        TryWrite(written, scope, meters, page, tenants);
        return new(written.CommandText, tenants, Of, _ => UsageQuestion.MonthsOf(Period));

        IEnumerable<NpgsqlParameter> Of(IReadOnlyCollection<Guid> some, Period? month)
        {
            using var command = new NpgsqlCommand();
            (this with { Period = month?.Intersect(Period) ?? Period }).TryWrite(command, scope, meters, page, some);
            NpgsqlParameter[] parameters = [.. command.Parameters.Cast<NpgsqlParameter>()];
            command.Parameters.Clear();
            return parameters;
        }
    }

    private IEnumerable<(string Column, object? Value)> Filters() =>
        [("tenant_id", TenantId), ("subscription_id", SubscriptionId), ("meter", Meter), ("sku", Sku), ("region", Region)];

    private string[]? AfterOf(string cursor)
    {
        try
        {
            return JsonSerializer.Deserialize<string[]>(cursor, ApiJson.Options) is { } keys && keys.Length == GroupBy.Count
                && keys.All(k => k is not null && !k.Contains('\0')) ? keys : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
