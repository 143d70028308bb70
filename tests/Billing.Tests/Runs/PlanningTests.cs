using Licensing.Billing.Tests.Invoices;
using Licensing.Billing.Tests.Settlement;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.Settlement.SettlementApp;

namespace Licensing.Billing.Tests.Runs;

/// <summary>How a round is split into chunks, of two tenants here, and how long a worker holds one.</summary>
public sealed class PlanningTests(SettlementApp app) : IClassFixture<SettlementApp>, IDisposable
{
    public void Dispose() => app.Probe.At = null;

    [Fact]
    public async Task A_finished_month_that_is_started_again_reads_a_few_tenants_at_a_time()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("split", [Calls]);
        // Who stays has his invoice of February; who left, before, between and behind those, has something late of January.
        bool[] stay = [true, false, true, false, false, false, true, true, true, false, false, false, false, false];
        var tenants = new List<OrganizationRef>();
        while (tenants.Count < stay.Length)
            tenants.Add(await app.TenantAsync(branch.Platform, branch.Partner));
        var left = new List<OrganizationRef>();
        foreach (var (tenant, stays) in tenants.OrderBy(x => x.Id.Value).Zip(stay))
        {
            app.Use(tenant, app.Subscribe(tenant, plan, stays ? "2021-01-01/2021-03-01" : "2021-01"), "2021-01-05", "calls", "7");
            if (!stays)
                left.Add(tenant);
        }

        await app.BillAsync("2021-01");
        await app.BillAsync("2021-02");
        foreach (var tenant in left)
            app.Use(tenant, app.Subscriptions.Of(tenant), "2021-01-06", "calls", "5");
        app.Subscriptions.LargestChunk = 0;
        var operation = await app.BillAsync("2021-02");

        foreach (var tenant in left)
            (await app.LinesAsync(tenant, "2021-02")).ShouldBe(["Calls 43.00 at 20, 2021-01-01 #1: 115.00 - 72.00"]);
        app.Subscriptions.LargestChunk.ShouldBeLessThanOrEqualTo(2);
        // No chunk has more than two of those who left, nor one without any.
        var late = await CountsAsync($"""
            select count(t.id) from billing.runs r join billing.run_chunks c on c.run_id = r.id
            left join unnest(array['{string.Join("','", left.Select(x => x.Id.Value))}']::uuid[]) as t (id)
                on t.id > coalesce(c.after_tenant, '00000000-0000-0000-0000-000000000000')
                and t.id <= coalesce(c.last_tenant, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
            where r.period_start = '2021-02-01' group by c.number
            """);
        late.ShouldAllBe(count => count == 1 || count == 2);
        late.Sum().ShouldBe(left.Count);
        (operation.GetProperty("done").GetInt64(), operation.GetProperty("total").GetInt64()).ShouldBe((5, 5));

        // And a third time, with nothing left to do.
        await app.BillAsync("2021-02");
        (await CountsAsync("""
            select count(*) from billing.runs r join billing.run_chunks c on c.run_id = r.id where r.period_start = '2021-02-01'
            """)).ShouldBe([0]);
    }

    [Fact]
    public async Task A_worker_that_rates_many_late_months_keeps_its_chunk_as_long_as_it_goes_on()
    {
        var branch = await app.BranchAsync();
        var plan = await app.PlanAsync("slow", [Calls]);
        var subscription = app.Subscribe(branch.Tenant, plan, "2022-01-01/2022-05-01");
        foreach (var month in (string[])["2022-01", "2022-02", "2022-03"])
            await app.BillAsync(month);
        foreach (var month in (string[])["2022-01", "2022-02", "2022-03"])
            app.Use(branch.Tenant, subscription, $"{month}-05", "calls", "7");
        var (reads, silent) = (0, -1L);
        app.Probe.At = async place =>
        {
            if (place == "read" && ++reads > 0)
                app.Clock.Advance(TimeSpan.FromSeconds(40));
            if (place == "rated")
                silent = await app.ScalarAsync<long>(
                    $"select count(*) from billing.run_chunks where token is not null and claimed_until <= '{app.Clock.GetUtcNow():O}'");
        };
        await app.BillAsync("2022-04");
        (reads, silent).ShouldBe((4, 0));
        (await app.LinesAsync(branch.Tenant, "2022-04")).Length.ShouldBe(4);
    }

    private async Task<List<long>> CountsAsync(string sql)
    {
        var text = await app.ScalarAsync<string>($"select string_agg(c.count::text, ',') from ({sql}) c");
        return [.. (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse)];
    }
}
