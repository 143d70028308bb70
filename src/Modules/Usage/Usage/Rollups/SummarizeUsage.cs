using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>One group; what it was not grouped by is null.</summary>
internal sealed record UsageGroup(
    string Meter, DateOnly? Day, string? Sku, Guid? SubscriptionId, Guid? TenantId, Guid? PartnerId, string? PartnerName, Exact Quantity,
    long Records);

/// <summary>
/// Adds up usage of a month from the rollups, so its cost does not depend on how many records there are. A group's quantity is the
/// sum of what each subscription of the group used as its meter counts it, which is what billing rates.
/// </summary>
internal static class SummarizeUsage
{
    // Enough for what arrived a moment ago; under a longer backlog the answer is right up to what has been rolled up.
    private const int CatchUpRounds = 2;

    private static readonly IReadOnlyDictionary<string, string> Keys = new Dictionary<string, string>
    {
        ["meter"] = "meter",
        ["day"] = "day::text",
        ["sku"] = "sku",
        ["subscription"] = "subscription_id::text",
        ["tenant"] = "tenant_id::text",
        // Whoever stands below the partners sees what is his under his own organisation: of two beginnings of a path the longer is the greater.
        ["partner"] = """
            greatest(
                coalesce(substring(owner_path from '^(?:[0-9]+[.]){3}'), owner_path) collate "C",
                (select f from unnest($3, $4) as s(f, u) where owner_path >= f and owner_path < u) collate "C")
            """,
    };

    /// <param name="GroupBy">Always with the meter: quantities of different meters do not add up to anything.</param>
    [Needs(UsagePermissions.Read)]
    public sealed record Query(Period Period, IReadOnlyList<string> GroupBy, PageStart Page) : IQuery<Page<UsageGroup>>;

    internal sealed class Handler(DbSession session, DailyRollups rollups, IOrganizationDirectory organizations, Principal principal)
        : IQueryHandler<Query, Page<UsageGroup>>
    {
        public async Task<Result<Page<UsageGroup>>> Handle(Query query, CancellationToken ct)
        {
            await rollups.CatchUpAsync(query.Period, CatchUpRounds, ct);
            if (After(query) is not { } after)
                return PageStart.InvalidCursor;
            await using var command = new NpgsqlCommand(Sql(query), await session.OpenAsync(ct), session.Transaction);
            var (from, until) = principal.Scope.Ranges();
            command.Parameters.Add(new() { Value = query.Period.Start });
            command.Parameters.Add(new() { Value = query.Period.End });
            command.Parameters.Add(new() { Value = from });
            command.Parameters.Add(new() { Value = until });
            command.Parameters.Add(new() { Value = query.Page.Limit + 1 });
            foreach (var key in after)
                command.Parameters.Add(new() { Value = key });

            var groups = new List<(string[] Keys, Exact Quantity, long Records)>();
            await using (var rows = await command.ExecuteReaderAsync(ct))
                while (await rows.ReadAsync(ct))
                {
                    var keys = new string[query.GroupBy.Count];
                    for (var i = 0; i < keys.Length; i++)
                        keys[i] = rows.GetString(i);
                    groups.Add((keys, await ExactColumn.ReadAsync(rows, keys.Length, ct), rows.GetInt64(keys.Length + 2)));
                }

            var page = Page.Of(groups, query.Page, g => JsonSerializer.Serialize(g.Keys, ApiJson.Options));
            var partners = query.GroupBy.IndexOf("partner") is var column and >= 0
                ? await organizations.FindByPathAsync([.. page.Items.Select(g => g.Keys[column]).Distinct()], ct)
                : null;
            return page.Select(g => View(query.GroupBy, g.Keys, g.Quantity, g.Records, partners));
        }

        private static string[]? After(Query query)
        {
            if (query.Page.After is null)
                return [];
            try
            {
                return JsonSerializer.Deserialize<string[]>(query.Page.After, ApiJson.Options) is { } keys && keys.Length == query.GroupBy.Count
                    && keys.All(k => k is not null && !k.Contains('\0')) ? keys : null;
            }
            catch (JsonException)
            {
                return null;
            }
        }

        private static string Sql(Query query)
        {
            var names = string.Join(", ", query.GroupBy.Select((_, i) => $"k{i}"));
            var keys = string.Join(", ", query.GroupBy.Select((key, i) => $"({Keys[key]}) collate \"C\" as k{i}"));
            var after = query.Page.After is null ? "" : $"where ({names}) > ({string.Join(", ", query.GroupBy.Select((_, i) => $"${i + 6}"))})";
            var totals = TotalsSql.Of(
                "exists (select 1 from unnest($3, $4) as s(f, u) where owner_path >= s.f and owner_path < s.u)",
                query.GroupBy.Contains("day") ? "day, " : "");
            return $"""
                with {totals},
                keyed as (select {keys}, quantity, records from totals),
                summed as (select {names}, sum(quantity) as quantity, sum(records)::bigint as records from keyed {after} group by {names})
                select {names}, {ExactColumn.Of("quantity", "quantity")}, records from summed order by {names} limit $5
                """;
        }

        private static UsageGroup View(
            IReadOnlyList<string> groupBy, string[] keys, Exact quantity, long records, IReadOnlyDictionary<string, OrganizationRef>? partners)
        {
            string? Key(string name) => groupBy.IndexOf(name) is var i and >= 0 ? keys[i] : null;
            var partner = Key("partner") is { } path && partners?.GetValueOrDefault(path) is { Kind: OrganizationKind.Partner } found ? found : null;
            return new UsageGroup(
                Key("meter")!, Key("day") is { } day ? DateOnly.ParseExact(day, "yyyy-MM-dd") : null, Key("sku"),
                Key("subscription") is { } subscription ? Guid.Parse(subscription) : null, Key("tenant") is { } tenant ? Guid.Parse(tenant) : null,
                partner?.Id.Value, partner?.DisplayName, quantity, records);
        }
    }

    public static void Map(RouteGroupBuilder usage) => usage
        .MapGet("/summary", async (ISender sender, string? period, string? groupBy, int? limit, string? after, CancellationToken ct) =>
            Read(period, groupBy, limit, after).Refused(out var refusal, out var query) ? new RefusedResult(refusal) : await sender.Ok(query, ct))
        .Slice<Query, Page<UsageGroup>>(nameof(SummarizeUsage), "Totals of a month from the daily rollups, grouped");

    private static Result<Query> Read(string? period, string? groupBy, int? limit, string? after)
    {
        if (PageStart.Read(limit, after).Refused(out var badPage, out var page))
            return badPage;
        if (!Period.TryParse(period, out var days))
            return PeriodRefusals.NotAPeriodIn("period");
        var keys = (groupBy ?? "meter").Split(',').Prepend("meter").Distinct(StringComparer.Ordinal).ToList();
        return keys.Find(k => !Keys.ContainsKey(k)) is { } unknown
            ? RollupRefusals.UnknownGroup(unknown, Keys.Keys)
            : new Query(days, keys, page);
    }

    private static int IndexOf(this IReadOnlyList<string> keys, string key)
    {
        for (var i = 0; i < keys.Count; i++)
            if (keys[i] == key)
                return i;
        return -1;
    }
}
