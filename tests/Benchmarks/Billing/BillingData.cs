using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Host.Database;
using Licensing.Kernel;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Benchmarks;

/// <summary>
/// How much there is to bill; environment variables make it smaller for short runs. The size of the goal is 20,000 invoices with 160,000 lines;
/// with 100 records behind each line, about three a day, the month has 16 million: as many as make the GROUP BY take on two cores what it took
/// where the goal was set, 3.4 seconds. A busy month has far more. The records lie on few days because neither side cares on which, while
/// each day costs time before the measurement.
/// </summary>
internal sealed record BillingSize(int Subscriptions, int Records, int Days)
{
    public const int Meters = 8;

    public static BillingSize Own { get; } =
        new((int)BenchSize.Subscriptions.Value, (int)BenchSize.Records.Value, (int)BenchSize.Days.Value);
}

/// <summary>
/// A month of usage of many tenants with one subscription each. The first of everything is made through the API; the others are its copies
/// by the database, since making them one by one would take hours and is not what is measured.
/// </summary>
internal sealed class BillingData(BenchHost host, BillingSize size)
{
    private const string TenantIds = "('01900000-0000-7000-8000-' || lpad(to_hex(g), 12, '0'))::uuid";
    private const string SubscriptionIds = "('01900000-0000-7000-9000-' || lpad(to_hex(g), 12, '0'))::uuid";

    private const string RecordsIndex = "records_tenant_day_batch";

    /// <summary>The price of a unit of the meters that are charged per unit: all but the first.</summary>
    public const decimal UnitPrice = 0.05m;

    private readonly NpgsqlDataSource _owner = host.Services.GetRequiredService<SchemaOwner>().Database;

    /// <summary>The last month that is over.</summary>
    public static Period Month { get; } = MonthBefore(DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime));

    public BillingSize Size => size;

    public NpgsqlDataSource Owner => _owner;

    public async Task LoadAsync(HttpClient client, CancellationToken ct)
    {
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await host.LoginAsync(client, ct));
        await SentAsync(client.PutAsJsonAsync(
            "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "19", validFrom = "2020-01-01" }, ct));
        Task<JsonElement> Post(string path, object body) => BenchHost.SendAsync(client, $"/api/v1/{path}", body, ct);
        var distributor = await Post("distributors", new { externalId = "bench", displayName = "Bench", country = "DE", currency = "EUR" });
        var partner = await Post("partners", new { distributorId = distributor.GetProperty("id"), externalId = "bench", displayName = "Bench" });
        var tenant = await Post("tenants", new { partnerId = partner.GetProperty("id"), externalId = "bench", displayName = "Bench" });
        await Post("products", new { key = "bench", name = "Bench", features = new[] { new { key = "seats", name = "Seats" } } });
        for (var meter = 0; meter < BillingSize.Meters; meter++)
            await Post("meters", new { key = $"meter-{meter}", unit = "Units", aggregation = "sum" });
        var plan = await Post("plans", new
        {
            key = "bench",
            name = "Bench",
            product = "bench",
            currency = "EUR",
            charges = Enumerable.Range(0, BillingSize.Meters).Select(Charge),
        });
        await Post($"plans/{plan.GetProperty("id").GetString()}/publish", new { });
        var subscription = await Post(
            "subscriptions", new { tenantId = tenant.GetProperty("id"), planId = plan.GetProperty("id"), quantities = new { seats = 1 } });
        await Post("usage", new
        {
            records = new[] { new { id = "first", subscriptionId = subscription.GetProperty("id"), meter = "meter-0", quantity = "1",
                start = TimeProvider.System.GetUtcNow() } },
        });
        await CopyAsync(ct);
    }

    // One tiered charge; the others per unit, as most are.
    private static object Charge(int meter) => new
    {
        key = $"charge-{meter}",
        name = $"Meter {meter}",
        meter = $"meter-{meter}",
        price = meter == 0
            ? (object)new { model = "graduated", tiers = new object[] { new { upTo = "1000", unitPrice = "0.1" }, new { unitPrice = "0.05" } } }
            : new { model = "perUnit", unitPrice = "0.05" },
    };

    private async Task CopyAsync(CancellationToken ct)
    {
        var today = Today();
        await CopyAsync("identity.organizations", "where external_id = 'bench' and kind = 'Tenant'", Many, new()
        {
            ["id"] = TenantIds,
            ["code"] = "1000000 + g",
            ["owner_path"] = "regexp_replace(t.owner_path, '[0-9]+\\.$', '') || (1000000 + g)::text || '.'",
            ["external_id"] = "'bench-' || g",
        }, today, ct);
        await CopyAsync("provisioning.subscriptions", "where true", Many, new()
        {
            ["id"] = SubscriptionIds,
            ["tenant_id"] = TenantIds,
            ["owner_path"] = $"(select o.owner_path from identity.organizations o where o.id = {TenantIds})",
        }, today, ct);
        await RunAsync(
            $"""
            create table bench_tenants as
            select g, o.id as tenant_id, {SubscriptionIds} as subscription_id, o.owner_path
            from {Many} join identity.organizations o on o.id = {TenantIds};
            create table bench_days as
            select k, date '{Month.Start:yyyy-MM-dd}' + ((k - 1) % {size.Days}) as day from generate_series(1, {size.Records}) k;
            analyze bench_tenants;
            analyze bench_days
            """, ct);
        var index = (string)(await AskAsync($"select pg_get_indexdef('usage.{RecordsIndex}'::regclass)", ct))!;
        // Built once at the end: row by row it would take most of the time.
        await RunAsync($"drop index usage.{RecordsIndex}", ct);
        await CopyRecordsAsync(today, ct);
        await RunAsync(index.Replace(" ON ONLY ", " ON ", StringComparison.Ordinal), ct);
        foreach (var table in (string[])["identity.organizations", "provisioning.subscriptions", "usage.records", "usage.dirty_days"])
            await RunAsync($"vacuum analyze {table}", ct);
        await RunAsync("checkpoint", ct);
    }

    // Day after day, as they come in; each meter of each subscription on each of them. Half of the customers on each of two connections.
    private async Task CopyRecordsAsync(string today, CancellationToken ct)
    {
        // A customer sends his own, as a request of his does, and none twice; of one batch for all the planner would expect nothing like a month.
        var batch = $"overlay(t.batch_id::text placing '0' || lpad(to_hex(g), 11, '0') from 25)::uuid";
        var half = size.Subscriptions / 2;
        await Task.WhenAll(((string[])[$"b.g <= {half}", $"b.g > {half}"]).Select(which => CopyAsync(
            "usage.records", "where true",
            $"(select * from bench_days d, bench_tenants b, generate_series(0, {BillingSize.Meters - 1}) m where {which}) d", new()
            {
                ["record_id"] = "lpad(to_hex(d.k), 4, '0') || '-' || d.g || '-' || d.m",
                ["batch_id"] = batch,
                ["tenant_id"] = "d.tenant_id",
                ["subscription_id"] = "d.subscription_id",
                ["started_at"] = "d.day::timestamptz + interval '12 hours'",
                ["day"] = "d.day",
                ["quantity"] = "((d.g + d.k * 7 + d.m * 13) % 97 + 1) * 1.25",
                ["owner_path"] = "d.owner_path",
                ["meter"] = "'meter-' || d.m",
            }, today, ct)));
        await CopyAsync("usage.dirty_days", "where true", $"(select distinct day from bench_days) d, bench_tenants b",
            new() { ["batch_id"] = batch, ["tenant_id"] = "b.tenant_id", ["day"] = "d.day" }, today, ct);
    }

    private string Many => $"generate_series(1, {size.Subscriptions}) g";

    private static string Today() =>
        DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).ToString("O", CultureInfo.InvariantCulture);

    // Of a row with the days of today moved to the beginning of the year before, so that what it tells was so all the month.
    private async Task CopyAsync(string table, string which, string times, Dictionary<string, string> set, string today, CancellationToken ct)
    {
        var columns = new List<string>();
        await using (var ask = _owner.CreateCommand(
            """
            select attname from pg_attribute
            where attrelid = $1::regclass and attnum > 0 and not attisdropped and attidentity = '' and attgenerated = ''
            """))
        {
            ask.Parameters.Add(new() { Value = table });
            await using var names = await ask.ExecuteReaderAsync(ct);
            while (await names.ReadAsync(ct))
                columns.Add(names.GetString(0));
        }

        await RunAsync(
            $"""
            insert into {table} ({string.Join(", ", columns)})
            select {string.Join(", ", columns.Select(column => set.GetValueOrDefault(column) ?? $"t.{column}"))}
            from {times}, (
                select (jsonb_populate_record(
                    null::{table}, replace(to_jsonb(x)::text, '"{today}"', '"{Month.Start.AddYears(-1):yyyy-MM-dd}"')::jsonb)).*
                from {table} x {which} limit 1) t
            """, ct);
    }

    /// <summary>Lets only so many customers have days in the month.</summary>
    public async Task LimitAsync(int customers, CancellationToken ct)
    {
        var (live, waits) = ($"date '{Month.Start.AddYears(-1):yyyy-MM-dd}'", $"date '{Month.End:yyyy-MM-dd}'");
        var wanted = $"case when id <= ('01900000-0000-7000-9000-' || lpad(to_hex({customers}), 12, '0'))::uuid then {live} else {waits} end";
        await RunAsync(
            $"""
            update provisioning.subscriptions set starts_on = {wanted}
            where id::text like '01900000-0000-7000-9000-%' and starts_on <> {wanted}
            """, ct);
        await RunAsync("vacuum analyze provisioning.subscriptions", ct);
    }

    private async Task<object?> AskAsync(string sql, CancellationToken ct)
    {
        await using var command = _owner.CreateCommand(sql);
        return await command.ExecuteScalarAsync(ct);
    }

    public async Task RunAsync(string sql, CancellationToken ct)
    {
        await using var command = _owner.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task SentAsync(Task<HttpResponseMessage> sent)
    {
        using var answer = await sent;
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
    }

    private static Period MonthBefore(DateOnly day)
    {
        var first = new DateOnly(day.Year, day.Month, 1);
        return new Period(first.AddMonths(-1), first);
    }
}
