using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Licensing.Usage.Data;
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
            select id, id, day, 'sum', '', '', '9.', 1, 1, 1, 1, day, day, 'r', 0 from t, d),
        months as (
            insert into usage.monthly_rollups
            select id, id, date_trunc('month', day)::date, 'sum', '', '', 1, 1, 1, 1, min(day), min(day), 'r', 0 from t, d group by 1, 3)
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

    [Theory]
    [InlineData("nothing is known")]
    [InlineData("all is known")]
    [InlineData("what was before is known")]
    public async Task A_page_reads_along_the_index_whatever_the_server_knows_of_the_table(string known)
    {
        const string Day = """
            insert into usage.records (
                received_at, started_at, day, batch_id, tenant_id, subscription_id, quantity, record_id, owner_path, meter, sku, region)
            select '2026-01-10', '2026-01-09', '2026-01-09', md5(b::text)::uuid, t, t, 1, b || '-' || i, '9.', 'sum', '', ''
            from unnest($1) t, generate_series($2, $3) b, generate_series(1, 50) i
            """;
        Guid[] tenants = [.. Enumerable.Range(0, 5).Select(_ => Id.NewGuid(app.Clock.GetUtcNow())).Order()];
        await app.SqlAsync<object>("alter table usage.records_2026_01 set (autovacuum_enabled = false)");
        await app.SqlAsync<object>(Day, tenants, 1, 20);
        if (known == "what was before is known")
            await app.SqlAsync<object>("analyze usage.records");
        await app.SqlAsync<object>(Day, tenants, 21, 200);
        if (known == "all is known")
            await app.SqlAsync<object>("analyze usage.records");
        await app.SqlAsync<object>("""
            insert into usage.daily_rollups select id, id, '2026-01-09', 'sum', '', '', '9.', 1, 1, 1, 1, '2026-01-09', '2026-01-09', 'r', 0
            from unnest($1) t (id)
            """, tenants);
        await app.InAsync<DbSession, int>(async session =>
        {
            await session.BeginAsync(Ct);
            var listed = new ListedRecords(session, new RecordDays(session));
            foreach (var cursor in (RecordCursor?[])[null, new(tenants[2], new(2026, 1, 9), new Guid("80000000-0000-0000-0000-000000000000"), "")])
                foreach (var query in (ListRecords.Query[])[Asking(), Asking(subscription: tenants[2])])
                {
                    var read = await RowsRead.OfAsync(session, "usage.records_2026_01", async () =>
                        (await listed.PageAsync(query, [tenants[2]], Scope.Everything, cursor, Ct)).Count.ShouldBe(21));
                    // One batch of fifty and the next one's first record, of the index and of the table; not the ten thousand of the day.
                    read.ShouldBeInRange(21, 110, $"{query} {cursor}");
                }

            return 0;
        });
    }

    [Fact]
    public async Task A_meter_is_looked_for_in_months_that_have_it_and_one_that_there_is_not_nowhere()
    {
        Guid[] tenants = [.. Enumerable.Range(0, Tenants).Select(_ => Id.NewGuid(app.Clock.GetUtcNow())).Order()];
        await app.SqlAsync<object>(Fill, tenants);
        // One of them used another meter, in one month.
        await app.SqlAsync<object>("""
            with cells as (
                insert into usage.daily_rollups
                select tenant_id, subscription_id, day, 'max', sku, region, owner_path, 1, 1, 1, 1, day, day, 'r', 0
                from usage.daily_rollups where tenant_id = $1 and day in ('2025-03-04', '2025-03-20', '2025-02-01') returning *)
            insert into usage.monthly_rollups
            select tenant_id, subscription_id, date_trunc('month', day)::date, meter, '', '', 1, 1, 1, 1, min(day), min(day), 'r', 0
            from cells group by 1, 2, 3, 4
            """, tenants[30]);
        await app.SqlAsync<object>("analyze usage.daily_rollups, usage.monthly_rollups");
        await app.InAsync<DbSession, int>(async session =>
        {
            await session.BeginAsync(Ct);
            var days = new RecordDays(session);
            var found = new List<string>();
            async Task<long> ReadAsync(ListRecords.Query query) => await RowsRead.OfAsync(session, "usage.daily_rollups", async () =>
            {
                found.Clear();
                await foreach (var span in days.OfAsync(query, tenants, null, Ct))
                    found.Add($"{Array.IndexOf(tenants, span.Tenant)} {span.From:yyyy-MM-dd}");
            });
            // Of that month alone, and of one tenant: not 40 times 365.
            (await ReadAsync(Asking(meter: "max"))).ShouldBeInRange(3, 150);
            found.ShouldBe(["30 2025-03-20", "30 2025-03-04", "30 2025-02-01"]);
            await ReadAsync(Asking(meter: "max") with { From = new(2025, 2, 2), Until = new(2025, 3, 20) });
            found.ShouldBe(["30 2025-03-04"]);
            await ReadAsync(Asking(meter: "max") with { From = new(2025, 3, 5), Until = new(2025, 3, 19) });
            found.ShouldBeEmpty();
            (await ReadAsync(Asking(meter: "last"))).ShouldBe(0);
            return 0;
        });
        using var platform = (await app.CustomerAsync()).Branch.As(Identity.Contracts.Roles.PlatformReader);
        (await Outcome.OfAsync(platform.GetAsync("/api/v1/usage?meter=nobody-has-made-it", Ct))).Body["items"]!.AsArray().ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_said_to_the_planner_is_said_for_one_statement(bool inTransaction) => await app.InAsync<DbSession, int>(async session =>
    {
        const string Sql = "select concat_ws(' ', current_setting('enable_sort'), current_setting('enable_bitmapscan'), current_setting('jit'))";
        if (inTransaction)
            await session.BeginAsync(Ct);
        var (before, said) = (await AskAsync(), "");
        await ByIndex.ReadAsync(session, Sql, [], row => said = row.GetString(0), Ct);
        said.ShouldBe("off off off");
        (await AskAsync()).ShouldBe(before);
        before.ShouldStartWith("on on");
        return 0;

        async Task<string> AskAsync()
        {
            await using var command = new Npgsql.NpgsqlCommand(Sql, await session.OpenAsync(Ct), session.Transaction);
            return (string)(await command.ExecuteScalarAsync(Ct))!;
        }
    });

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
