using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Licensing.Kernel;
using Licensing.Kernel.Messaging;
using Licensing.Usage.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Benchmarks;

/// <summary>A host with a month of usage, rolled up and proven; bills it again and again, each time as if for the first.</summary>
internal sealed class BillingStage : IAsyncDisposable
{
    private readonly BenchHost _host;
    private readonly HttpClient _client;
    private readonly BillingData _data;
    private readonly RunProfile? _profile;

    private BillingStage(BenchHost host, HttpClient client, BillingData data)
    {
        (_host, _client, _data) = (host, client, data);
        _profile = RunProfile.Of(host.Services.GetRequiredService<RunProbe>());
    }

    public BillingData Data => _data;

    /// <summary>The platform's administrator.</summary>
    public HttpClient Client => _client;

    public ProcessorTime Processor => _host.Processor;

    public BenchSecrets Secrets => _host.Secrets;

    public static Task<BillingStage> StartAsync(CancellationToken ct, BillingSize? size = null, string folder = "bench-postgres") =>
        StartAsync(folder, size ?? BillingSize.Own, null, async (stage, stop) =>
        {
            await stage.Data.LoadAsync(stage._client, stop);
            await stage.RollUpAsync(stop);
        }, ct);

    /// <summary>Another host on what a stage of another process has loaded.</summary>
    public static Task<BillingStage> AttachAsync(BenchSecrets secrets, CancellationToken ct) =>
        StartAsync("bench-postgres", BillingSize.Own, secrets, (stage, stop) => stage._host.AuthorizeAsync(stage._client, stop), ct);

    private static async Task<BillingStage> StartAsync(
        string folder, BillingSize size, BenchSecrets? secrets, Func<BillingStage, CancellationToken, Task> fill, CancellationToken ct)
    {
        var host = await BenchHost.StartAsync(BenchmarkRun.FolderOf(folder), _ => { }, _ => { }, ct, secrets);
        try
        {
            var client = new HttpClient { BaseAddress = host.Address, Timeout = Timeout.InfiniteTimeSpan };
            var stage = new BillingStage(host, client, new BillingData(host, size));
            await fill(stage, ct);
            return stage;
        }
        catch
        {
            // Its PostgreSQL would outlive this process.
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Brings the rollups up to the records and proves that each total is what its records add up to.</summary>
    public async Task RollUpAsync(CancellationToken ct)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        var usage = scope.ServiceProvider.GetRequiredService<IUsageTotals>();
        await usage.CatchUpAsync(BillingData.Month, ct);
        foreach (var table in (string[])["usage.daily_rollups", "usage.monthly_rollups"])
            await _data.RunAsync($"vacuum analyze {table}", ct);

        var raw = new Dictionary<(Guid, string), Exact>();
        var tenants = new HashSet<OrganizationId>();
        await using (var command = Raw("tenant_id, subscription_id, meter, sum(quantity)::text", "1, 2, 3"))
        await using (var rows = await command.ExecuteReaderAsync(ct))
            while (await rows.ReadAsync(ct))
            {
                tenants.Add(new OrganizationId(rows.GetGuid(0)));
                raw.Add((rows.GetGuid(1), rows.GetString(2)), Exact.Parse(rows.GetString(3)));
            }

        foreach (var some in tenants.Chunk(5_000))
            foreach (var total in await usage.OfTenantsAsync(BillingData.Month, some, ct))
                if (!raw.Remove((total.SubscriptionId.Value, total.Meter), out var sum) || sum != total.Quantity)
                    throw new InvalidOperationException(
                        $"The rollup of {total.SubscriptionId.Value}, {total.Meter} is not what its records add up to.");
        if (raw.Count > 0 || tenants.Count != _data.Size.Subscriptions)
            throw new InvalidOperationException($"{raw.Count} totals of {tenants.Count} tenants are in no rollup.");

        // What each run is compared with, by other arithmetic than the product's: the sum of a line's records times the price, rounded.
        await _data.RunAsync(
            $"""
            drop table if exists bench_due;
            create table bench_due as
            select subscription_id, meter, round(sum(quantity) * {BillingData.UnitPrice.ToString(CultureInfo.InvariantCulture)}, 2) as net
            from usage.records
            where day >= '{BillingData.Month.Start:yyyy-MM-dd}' and day < '{BillingData.Month.End:yyyy-MM-dd}' and meter <> 'meter-0'
            group by 1, 2;
            analyze bench_due
            """, ct);
    }

    /// <summary>Bills the month with this many customers: the milliseconds and the processor time of the run, without wiping and checking.</summary>
    public async Task<Load> BillAsync(int customers, CancellationToken ct, bool again = false, bool issue = true)
    {
        if (!again)
            await WipeAsync(ct);
        var used = Processor.Used();
        var start = Stopwatch.GetTimestamp();
        var started = await BenchHost.SendAsync(
            _client, string.Create(CultureInfo.InvariantCulture, $"/api/v1/billing/generate/{BillingData.Month.Start:yyyy-MM}"),
            new { issue }, ct);
        var relay = _host.Services.GetRequiredService<MessageRelay>();
        while (await relay.DeliverDueAsync(ct) > 0)
        {
        }

        var took = Stopwatch.GetElapsedTime(start);
        var cost = Processor.Used() - used;
        if (_profile is not null)
            await Console.Error.WriteLineAsync($"{took.TotalMilliseconds:0} ms: {_profile.Told()}");
        await CheckAsync(started.GetProperty("operationId").GetString()!, customers, issue, ct);
        return new Load(customers, took.TotalMilliseconds, cost);
    }

    private async Task CheckAsync(string operation, int customers, bool issue, CancellationToken ct)
    {
        using var answer = await _client.GetAsync($"/api/v1/operations/{operation}", ct);
        using var told = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync(ct));
        if (told.RootElement.GetProperty("state").GetString() != "Succeeded"
            || told.RootElement.GetProperty("result").GetProperty("invoices").GetInt32() != customers)
            throw new InvalidOperationException($"The run came to {told.RootElement.GetRawText()}.");

        await using var check = _data.Owner.CreateCommand(
            """
            with billed as (
                select l.subscription_id, l.meter, l.net, i.status, i.number
                from billing.invoice_lines l join billing.invoices i on i.id = l.invoice_id where l.starts_on = $1)
            select (select count(*) from billed), (select count(*) from billed join bench_due using (subscription_id, meter, net)),
                (select count(distinct number) from billed where status = 'Issued')
            """);
        check.CommandTimeout = 0;
        check.Parameters.Add(new() { Value = BillingData.Month.Start });
        await using var row = await check.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        if ((row.GetInt64(0), row.GetInt64(1)) != ((long)customers * BillingSize.Meters, (long)customers * (BillingSize.Meters - 1)))
            throw new InvalidOperationException($"{row.GetInt64(0)} lines, of which {row.GetInt64(1)} are what the records come to.");
        if (row.GetInt64(2) != (issue ? customers : 0))
            throw new InvalidOperationException($"{row.GetInt64(2)} numbers for {customers} customers.");
    }

    private async Task WipeAsync(CancellationToken ct)
    {
        await _data.RunAsync(
            """
            do $$ declare found text; begin
                for found in select format('%I.%I', schemaname, tablename) from pg_tables
                    where schemaname = 'billing' and (tablename like 'invoice%' or tablename like 'run%' or tablename = 'number_series') loop
                    execute 'truncate ' || found || ' cascade';
                end loop;
            end $$
            """, ct);
        await _data.RunAsync("checkpoint", ct);
    }

    /// <summary>Milliseconds and processor time of one statement that adds up the month's raw records, read to its end.</summary>
    public async Task<Load> GroupAsync(CancellationToken ct)
    {
        var used = Processor.Used();
        var start = Stopwatch.GetTimestamp();
        await using var command = Raw("subscription_id, meter, sum(quantity)", "1, 2");
        var cells = 0;
        await using (var rows = await command.ExecuteReaderAsync(ct))
            while (await rows.ReadAsync(ct))
                cells += rows.GetDecimal(2) > 0 ? 1 : 0;
        var took = Stopwatch.GetElapsedTime(start);
        if (cells != _data.Size.Subscriptions * BillingSize.Meters)
            throw new InvalidOperationException($"{cells} sums.");
        return new Load(cells, took.TotalMilliseconds, Processor.Used() - used);
    }

    private NpgsqlCommand Raw(string what, string by)
    {
        var command = _data.Owner.CreateCommand($"select {what} from usage.records where day >= $1 and day < $2 group by {by}");
        command.CommandTimeout = 0;
        command.Parameters.Add(new() { Value = BillingData.Month.Start });
        command.Parameters.Add(new() { Value = BillingData.Month.End });
        return command;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _host.DisposeAsync();
    }
}
