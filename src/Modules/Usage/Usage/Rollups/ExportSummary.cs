using System.Globalization;
using System.Runtime.CompilerServices;
using Licensing.Catalog.Contracts;
using Licensing.Kernel.Http;
using Licensing.Usage.Data;
using Licensing.Usage.Records;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>The summary as CSV, all groups, read and written some at a time.</summary>
internal static class ExportSummary
{
    private const int GroupsAtOnce = 500;

    [Needs(UsagePermissions.Read)]
    public sealed record Query(SummaryQuery Asked) : IQuery<Export>;

    public sealed record Export(IAsyncEnumerable<UsageGroup> Groups);

    internal sealed class Handler(
        NpgsqlDataSource database, RollingUp rollups, UnreadableTenants unreadable, ReachedTenants reached, GroupViews views, ICatalog catalog,
        Principal principal)
        : IQueryHandler<Query, Export>
    {
        public async Task<Result<Export>> Handle(Query query, CancellationToken ct)
        {
            var asked = query.Asked;
            var tenants = await reached.ToMergeAsync(principal.Scope, asked.TenantId, asked.SubscriptionId, ct);
            await rollups.CatchUpAsync(asked.Period, SummarizeUsage.CatchUpRounds, ct, tenants);
            if (asked.NamesNobody(tenants))
                return new Export(AsyncEnumerable.Empty<UsageGroup>());
            // The scope is of this request's permission, and the rows are read after it has been left.
            return new Export(ReadAsync(asked, tenants, principal.Scope, await catalog.MetersAsync(ct), ct));
        }

        // On a connection of its own: names are looked up on the request's while this one stands in the middle of its rows.
        private async IAsyncEnumerable<UsageGroup> ReadAsync(
            SummaryQuery asked, IReadOnlyCollection<Guid>? tenants, Scope scope, IReadOnlyDictionary<string, MeterRef> meters,
            [EnumeratorCancellation] CancellationToken ct)
        {
            await using var connection = await database.OpenConnectionAsync(ct);
            await using var command = new NpgsqlCommand("", connection);
            asked.TryWrite(command, scope, meters, null);
            await using var rows = await NotingAsync(() => command.ExecuteReaderAsync(ct));
            var some = new List<GroupRow>(GroupsAtOnce);
            for (var more = true; more;)
            {
                if (more = await NotingAsync(() => rows.ReadAsync(ct)))
                    some.Add(await GroupRow.ReadAsync(rows, asked.GroupBy.Count, ct));
                if (more && some.Count < GroupsAtOnce)
                    continue;
                foreach (var group in await views.OfAsync(asked.GroupBy, some, ct))
                    yield return group;
                some.Clear();
            }

            // A file is whole or fails; whose rows it fails for is computed anew, for the next one.
            async Task<T> NotingAsync<T>(Func<Task<T>> read)
            {
                try
                {
                    return await read();
                }
                catch (PostgresException refused) when (DamagedData.Is(refused))
                {
                    var whose = tenants ?? await unreadable.AskedAsync(asked.Period, ct);
                    await unreadable.FindAsync(asked.AskOf(whose, scope, meters, null), ct);
                    throw;
                }
            }
        }
    }

    public static async Task<IResult> SendAsync(SummaryQuery asked, ISender sender, CancellationToken ct) =>
        (await sender.Send(new Query(asked), ct)).Refused(out var refusal, out var export)
            ? new RefusedResult(refusal)
            : new CsvResult<UsageGroup>(export.Groups, "usage-summary.csv", [.. asked.GroupBy.SelectMany(ColumnsOf),
                ("quantity", g => g.Quantity.ToString()), ("records", g => g.Records.ToString(CultureInfo.InvariantCulture))]);

    private static IEnumerable<(string, Func<UsageGroup, string?>)> ColumnsOf(string key) => key switch
    {
        "meter" => [("meter", g => g.Meter)],
        "day" => [("day", g => g.Day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))],
        "month" => [("month", g => g.Month)],
        "sku" => [("sku", g => g.Sku)],
        "region" => [("region", g => g.Region)],
        "subscription" => [("subscriptionId", g => g.SubscriptionId?.ToString())],
        "tenant" => [("tenantId", g => g.TenantId?.ToString())],
        "partner" => [("partnerId", g => g.PartnerId?.ToString()), ("partnerName", g => g.PartnerName)],
        "distributor" => [("distributorId", g => g.DistributorId?.ToString()), ("distributorName", g => g.DistributorName)],
        _ => [(key, g => g.Dimensions?.GetValueOrDefault(key[SummaryQuery.Dimension.Length..]))],
    };
}
