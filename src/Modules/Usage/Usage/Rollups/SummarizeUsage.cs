using System.Text.Json;
using Licensing.Catalog.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Data;
using Licensing.Usage.Records;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>
/// Adds up usage from the rollups, so its cost does not depend on how many records there are. A group's quantity is the sum of what each
/// subscription of the group used as its meter counts it, which is what billing rates.
/// </summary>
internal static class SummarizeUsage
{
    // Enough for what arrived a moment ago; under a longer backlog the answer is right up to what has been rolled up.
    public const int CatchUpRounds = 2;

    // Each page sums the whole period anew; a file is summed once, while it is read.
    private const int MostDays = 366;

    [Needs(UsagePermissions.Read)]
    public sealed record Query(SummaryQuery Asked, PageStart Page) : IQuery<UsageSummary>;

    internal sealed class Handler(
        DbSession session, RollingUp rollups, UnreadableTenants unreadable, ReachedTenants reached, GroupViews views, ICatalog catalog,
        Principal principal)
        : IQueryHandler<Query, UsageSummary>
    {
        public async Task<Result<UsageSummary>> Handle(Query query, CancellationToken ct)
        {
            var asked = query.Asked;
            var tenants = await reached.ToMergeAsync(principal.Scope, asked.TenantId, asked.SubscriptionId, ct);
            await rollups.CatchUpAsync(asked.Period, CatchUpRounds, ct, tenants);
            await using var command = new NpgsqlCommand("", await session.OpenAsync(ct), session.Transaction);
            var meters = await catalog.MetersAsync(ct);
            if (!asked.TryWrite(command, principal.Scope, meters, query.Page))
                return PageStart.InvalidCursor;
            if (asked.NamesNobody(tenants))
                return new UsageSummary([], null);

            var (groups, leftOut) = (new List<GroupRow>(), 0);
            try
            {
                await using var rows = await command.ExecuteReaderAsync(ct);
                while (await rows.ReadAsync(ct))
                    groups.Add(await GroupRow.ReadAsync(rows, asked.GroupBy.Count, ct));
            }
            catch (PostgresException refused) when (DamagedData.Is(refused) && !session.InTransaction)
            {
                var whose = tenants ?? await unreadable.AskedAsync(asked.Period, ct);
                var question = asked.AskOf(whose, principal.Scope, meters, query.Page);
                var found = await unreadable.FindAsync(question, ct);
                // As what is not merged is not in it. But who asks for nobody else is not told that there is nothing.
                if (found.Count == whose.Count)
                    throw;
                leftOut = found.Count;
                groups = await question.AskAsync(
                    [.. whose.Except(found)], (await session.OpenAsync(ct), session.Transaction), byIndex: true,
                    async (row, ct) => await GroupRow.ReadAsync(row, asked.GroupBy.Count, ct), ct);
            }

            var page = Page.Of(groups, query.Page, g => JsonSerializer.Serialize(g.Keys, ApiJson.Options));
            return new UsageSummary(await views.OfAsync(asked.GroupBy, page.Items, ct), page.Next, leftOut);
        }
    }

    public static void Map(RouteGroupBuilder usage) => usage
        .MapGet("/summary", async (
            HttpRequest request, ISender sender, string? period, string? groupBy, Guid? tenantId, Guid? subscriptionId, string? meter, string? sku,
            string? region, int? limit, string? after, CancellationToken ct) =>
        {
            if (PageStart.Read(limit, after).Refused(out var refusal, out var page)
                || SummaryQuery.Read(
                    period, groupBy, tenantId, subscriptionId, meter, sku, region, request.WantsCsv ? int.MaxValue : MostDays)
                    .Refused(out refusal, out var query))
                return new RefusedResult(refusal);
            return request.WantsCsv ? await ExportSummary.SendAsync(query, sender, ct) : await sender.Ok(new Query(query, page), ct);
        })
        .Slice<Query, UsageSummary>(
            nameof(SummarizeUsage), "Totals of a month or of days from the rollups, grouped; all of them as CSV with Accept: text/csv");
}
