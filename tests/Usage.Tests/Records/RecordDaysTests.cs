using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Records;

namespace Licensing.Usage.Tests.Records;

/// <summary>What a page of a subscription's or a meter's records reads is that page's, however many tenants there are and however long.</summary>
public sealed class RecordDaysTests(UsageApp app) : IClassFixture<UsageApp>
{
    private const int Tenants = 40;
    private const int Days = 365;

    // One cell and one record of each day of a year.
    private const string Fill = """
        with t as (select * from unnest($1) as t(id)), d as (select day::date from generate_series(date '2025-01-01', '2025-12-31', '1 day') day),
        cells as (
            insert into usage.daily_rollups
            select id, id, day, 'sum', '', '', '9.', 1, 1, 1, 1, day, day, 'r', 0 from t, d)
        insert into usage.records (
            received_at, started_at, day, batch_id, tenant_id, subscription_id, quantity, record_id, owner_path, meter, sku, region)
        select '2026-01-10', day, day, gen_random_uuid(), id, id, 1, day::text, '9.', 'sum', '', '' from t, d
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_page_reads_a_few_days_of_a_few_tenants_wherever_it_begins()
    {
        Guid[] tenants = [.. Enumerable.Range(0, Tenants).Select(_ => Id.NewGuid(app.Clock.GetUtcNow())).Order()];
        await app.SqlAsync<object>(Fill, tenants);
        await app.SqlAsync<object>("analyze usage.daily_rollups");
        await app.InAsync<DbSession, int>(async session =>
        {
            await session.BeginAsync(Ct);
            var listed = new ListedRecords(session, new RecordDays(session));
            var cursors = new RecordCursor?[]
            {
                null, new(tenants[7], new(2025, 12, 31), Guid.AllBitsSet, "z"), new(tenants[7], new(2025, 7, 1), Guid.Empty, ""),
                new(tenants[7], new(2025, 1, 1), Guid.Empty, ""),
            };
            foreach (var cursor in cursors)
                foreach (var query in (ListRecords.Query[])[Asking(meter: "sum"), Asking(subscription: tenants[9])])
                {
                    var found = 0;
                    var read = await RowsRead.OfAsync(session, "usage.daily_rollups", async () =>
                        found = (await listed.PageAsync(query, tenants, Scope.Everything, cursor, Ct)).Count);
                    found.ShouldBe(21, $"{query} {cursor}");
                    // As many days as the page has, and once more what is asked for at a time.
                    read.ShouldBeInRange(21, 200, $"{query} {cursor}");
                }

            return 0;
        });
    }

    [Fact]
    public async Task Pages_show_every_day_once_however_many_a_tenant_has()
    {
        Guid[] tenants = [.. Enumerable.Range(0, 3).Select(_ => Id.NewGuid(app.Clock.GetUtcNow())).Order()];
        await app.SqlAsync<object>(Fill, tenants);
        await app.InAsync<ListedRecords, int>(async listed =>
        {
            foreach (var limit in (int[])[7, 8, 200])
            {
                var seen = new List<string>();
                for (RecordCursor? cursor = null; ;)
                {
                    var page = await listed.PageAsync(Asking(meter: "sum", limit), tenants, Scope.Everything, cursor, Ct);
                    seen.AddRange(page.Take(limit).Select(r => $"{r.View.TenantId} {r.View.Id}"));
                    if (page.Count <= limit)
                        break;
                    cursor = page[limit - 1].At;
                }

                seen.ShouldBe(tenants.SelectMany(
                    t => Enumerable.Range(1, Days).Select(d => $"{t} {new DateOnly(2026, 1, 1).AddDays(-d):yyyy-MM-dd}")));
            }

            return 0;
        });
    }

    [Fact]
    public async Task A_cursor_of_the_end_of_all_days_is_one_like_any_other()
    {
        var tenant = Id.NewGuid(app.Clock.GetUtcNow());
        await app.SqlAsync<object>(Fill, (Guid[])[tenant]);
        foreach (var (day, expected) in new[] { (DateOnly.MaxValue, 21), (DateOnly.MinValue, 0) })
            (await app.InAsync<ListedRecords, int>(async listed => (await listed.PageAsync(
                Asking(meter: "sum"), [tenant], Scope.Everything, new(tenant, day, Guid.Empty, ""), Ct)).Count)).ShouldBe(expected);
    }

    private static ListRecords.Query Asking(string? meter = null, int limit = 20, Guid? subscription = null) =>
        new(null, subscription, meter, null, null, new PageStart(limit, null));
}
