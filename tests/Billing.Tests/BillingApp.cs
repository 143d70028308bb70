using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Runs;
using Licensing.Catalog.Contracts;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Licensing.Billing.Tests;

/// <summary>
/// The host with subscriptions and usage said by the test. A billing run is of everyone, so each test takes a month of its own.
/// </summary>
public class BillingApp : App
{
    internal const string Product = "billed";

    internal SaidSubscriptions Subscriptions { get; } = new();

    internal SaidUsage Usage { get; } = new();

    internal virtual BillingSettings Billing => new() { ChunkTenants = 2 };

    // The platform of the tests is in the US, so that this is a registration and no VAT identifier.
    protected override IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["Billing:Invoices:Seller:TaxId"] = "12-3456789" };

    protected override void Configure(WebApplicationBuilder builder)
    {
        builder.Services.RemoveAll<ISubscriptionDirectory>();
        builder.Services.AddSingleton<ISubscriptionDirectory>(Subscriptions);
        builder.Services.RemoveAll<IUsageTotals>();
        builder.Services.AddSingleton<IUsageTotals>(Usage);
        builder.Services.RemoveAll<BillingSettings>();
        builder.Services.AddSingleton(Billing);
    }

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        using var platform = await PlatformAsync();
        await Sent(await platform.PutAsJsonAsync(
            "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "20", validFrom = "2020-01-01" }));
        await Sent(await platform.PostAsJsonAsync(
            "/api/v1/products", new { key = Product, name = "Billed", features = new[] { new { key = "seats", name = "Seats" } } }));
        await Sent(await platform.PostAsJsonAsync("/api/v1/meters", new { key = "calls", unit = "Calls", aggregation = "sum" }));
        await Sent(await platform.PostAsJsonAsync("/api/v1/meters", new { key = "gb", unit = "GB", aggregation = "sum" }));
        await Sent(await platform.PostAsJsonAsync("/api/v1/meters", new { key = "machines", unit = "Machines", aggregation = "unique" }));
        await Sent(await platform.PostAsJsonAsync("/api/v1/pricing", new
        {
            key = "list",
            name = "List",
            scope = "Global",
            currency = "EUR",
            validFrom = "2020-01-01",
            items = new[] { new { sku = "STORAGE", meter = "gb", name = "Storage", price = new { model = "perUnit", unitPrice = "0.05" } } },
        }));
    }

    internal async Task<HttpClient> PlatformAsync(string role = Roles.PlatformAdministrator)
    {
        var platform = await InAsync<IOrganizationDirectory, OrganizationRef>(d => d.PlatformAsync(CancellationToken.None));
        return As(role, platform.Id.Value, platform.Path);
    }

    /// <summary>A published plan of these charges.</summary>
    internal async Task<PlanVersionId> PlanAsync(
        string key, object[] charges, string currency = "EUR", bool usesPriceLists = false, int trialDays = 0, object? terms = null)
    {
        using var platform = await PlatformAsync();
        var plan = await Sent(await platform.PostAsJsonAsync(
            "/api/v1/plans", new { key, name = key, product = Product, currency, charges, usesPriceLists, trialDays, terms = terms ?? new { } }));
        var published = await Sent(await platform.PostAsync($"/api/v1/plans/{plan.GetProperty("id").GetString()}/publish", null));
        return new PlanVersionId(published.GetProperty("currentVersionId").GetGuid());
    }

    internal static object Flat(string key, string amount) => new { key, name = key, price = new { model = "flat", amount } };

    internal static object Seats(string unitPrice) =>
        new { key = "seats", name = "Seats", feature = "seats", price = new { model = "perUnit", unitPrice } };

    internal SubscriptionId Subscribe(OrganizationRef tenant, PlanVersionId plan, string period, int seats = 0, DateOnly? startedOn = null) =>
        Subscribe(tenant, startedOn ?? Period.Parse(period).Start, Span(plan, period, seats));

    internal SubscriptionId Subscribe(OrganizationRef tenant, DateOnly startedOn, params SubscriptionSpan[] spans) =>
        Subscribe(tenant, startedOn, trialEndsOn: startedOn, spans);

    internal SubscriptionId Subscribe(OrganizationRef tenant, DateOnly startedOn, DateOnly trialEndsOn, params SubscriptionSpan[] spans)
    {
        var id = Id.New<SubscriptionId>(DateTimeOffset.UnixEpoch);
        Subscriptions.Add(new BillableSubscription(id, tenant.Id, tenant.Path, startedOn, trialEndsOn, spans));
        return id;
    }

    /// <summary>One that ends within its term, at a fee for the days that were left.</summary>
    internal SubscriptionId SubscribeUntil(OrganizationRef tenant, decimal feePercent, SubscriptionSpan[] spans, params SubscriptionSpan[] left)
    {
        var id = Id.New<SubscriptionId>(DateTimeOffset.UnixEpoch);
        var startedOn = new DateOnly(2020, 1, 1);
        Subscriptions.Add(new BillableSubscription(id, tenant.Id, tenant.Path, startedOn, startedOn, spans)
        {
            EarlyEnd = new EarlyEnd(feePercent, left),
        });
        return id;
    }

    internal static SubscriptionSpan Span(PlanVersionId plan, string period, int seats) =>
        new(Period.Parse(period), plan, new Dictionary<string, int> { ["seats"] = seats });

    /// <summary>Starts the run and carries it to its end; answers the operation.</summary>
    internal async Task<JsonElement> BillAsync(string month, bool issue = true)
    {
        using var platform = await PlatformAsync();
        var started = await StartAsync(platform, month, issue);
        await DrainAsync();
        return await OperationAsync(platform, started);
    }

    /// <summary>By the owner of the schemas; empty where there is nothing.</summary>
    internal async Task<string> TextAsync(string sql)
    {
        await using var command = Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(sql);
        return await command.ExecuteScalarAsync() as string ?? "";
    }

    internal static async Task<string> StartAsync(HttpClient platform, string month, bool issue = true)
    {
        var started = await Sent(await platform.PostAsJsonAsync($"/api/v1/billing/generate/{month}", new { issue }));
        return started.GetProperty("operationId").GetString()!;
    }

    internal static Task<JsonElement> OperationAsync(HttpClient platform, string id) => GetAsync(platform, $"/api/v1/operations/{id}");

    internal static async Task<JsonElement> GetAsync(HttpClient client, string path) =>
        await Sent(await client.GetAsync(path, TestContext.Current.CancellationToken));

    internal static async Task<List<JsonElement>> ItemsAsync(HttpClient client, string path) =>
        [.. (await GetAsync(client, path)).GetProperty("items").EnumerateArray()];

    internal static async Task<JsonElement> Sent(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue(text);
        return JsonDocument.Parse(text).RootElement.Clone();
    }
}

/// <summary>Subscriptions as Provisioning would tell them.</summary>
internal sealed class SaidSubscriptions : ISubscriptionDirectory
{
    private readonly List<BillableSubscription> _said = [];

    public void Add(BillableSubscription subscription)
    {
        lock (_said)
            _said.Add(subscription);
    }

    /// <summary>The most tenants whose subscriptions were read for one chunk.</summary>
    public int LargestChunk { get; set; }

    /// <summary>What is known of a subscription from now on.</summary>
    public void Change(SubscriptionId id, params SubscriptionSpan[] spans)
    {
        lock (_said)
        {
            var at = _said.FindIndex(x => x.Id == id);
            _said[at] = _said[at] with { Spans = spans };
        }
    }

    /// <summary>The subscription that a tenant made last.</summary>
    public SubscriptionId Of(OrganizationRef tenant)
    {
        lock (_said)
            return _said.Last(x => x.TenantId == tenant.Id).Id;
    }

    /// <summary>What is known of it by now.</summary>
    public IReadOnlyList<SubscriptionSpan> SpansOf(OrganizationRef tenant)
    {
        lock (_said)
            return _said.Last(x => x.TenantId == tenant.Id).Spans;
    }

    public Task<IReadOnlyDictionary<SubscriptionId, UsageTarget>> FindAsync(IReadOnlyCollection<SubscriptionId> ids, CancellationToken ct)
    {
        lock (_said)
            return Task.FromResult<IReadOnlyDictionary<SubscriptionId, UsageTarget>>(_said.Where(x => ids.Contains(x.Id))
                .ToDictionary(x => x.Id, x => new UsageTarget(x.Id, x.TenantId, x.Spans[^1].PlanVersionId, false, x.StartedOn, null)));
    }

    public Task<ILookup<OrganizationId, UsageTarget>> OfTenantsAsync(IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<BillableSubscription>> BillableAsync(
        Period period, Scope scope, OrganizationId? after, int tenants, CancellationToken ct)
    {
        var next = Of(period, scope).Select(x => x.TenantId).Distinct().OrderBy(x => x.Value)
            .Where(x => after is null || x.Value.CompareTo(after.Value.Value) > 0).Take(tenants).ToHashSet();
        return Task.FromResult<IReadOnlyList<BillableSubscription>>(
            [.. Of(period, scope).Where(x => next.Contains(x.TenantId)).OrderBy(x => x.TenantId.Value).ThenBy(x => x.Id.Value)]);
    }

    public async IAsyncEnumerable<OrganizationId> BillableTenantsAsync(
        Period period, Scope scope, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await Task.CompletedTask;
        foreach (var tenant in Of(period, scope).Select(x => x.TenantId).Distinct().OrderBy(x => x.Value))
            yield return tenant;
    }

    public Task<IReadOnlyDictionary<SubscriptionId, SubscriptionDays>> DaysAsync(IReadOnlyCollection<SubscriptionId> ids, CancellationToken ct) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<BillableSubscription>> BillableBetweenAsync(
        Period period, OrganizationId? after, OrganizationId? last, CancellationToken ct)
    {
        IReadOnlyList<BillableSubscription> found =
        [
            .. Of(period, Scope.Everything)
                .Where(x => (after is null || x.TenantId.Value.CompareTo(after.Value.Value) > 0)
                    && (last is null || x.TenantId.Value.CompareTo(last.Value.Value) <= 0))
                .OrderBy(x => x.TenantId.Value).ThenBy(x => x.Id.Value),
        ];
        LargestChunk = Math.Max(LargestChunk, found.Select(x => x.TenantId).Distinct().Count());
        return Task.FromResult(found);
    }

    public Task<IReadOnlyList<BillableSubscription>> BillableOfAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        LargestChunk = Math.Max(LargestChunk, tenants.Count);
        return Task.FromResult<IReadOnlyList<BillableSubscription>>(
            [.. Of(period, Scope.Everything).Where(x => tenants.Contains(x.TenantId)).OrderBy(x => x.TenantId.Value).ThenBy(x => x.Id.Value)]);
    }

    public async Task<IReadOnlyList<BillableSubscription>> BillableByAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, IReadOnlyCollection<PlanVersionId> plans, CancellationToken ct) =>
        [.. (await BillableOfAsync(period, tenants, ct)).Where(x => x.Spans.Any(span => plans.Contains(span.PlanVersionId)))];

    public Task<int> CountBillableTenantsAsync(Period period, Scope scope, CancellationToken ct) =>
        Task.FromResult(Of(period, scope).Select(x => x.TenantId).Distinct().Count());

    private List<BillableSubscription> Of(Period period, Scope scope)
    {
        lock (_said)
            return
            [
                .. _said.Select(x => x with { EarlyEnd = EndsIn(period, x.EarlyEnd) }).Where(x => scope.Contains(x.OwnerPath)
                    && (x.EarlyEnd is not null || x.Spans.Any(span => span.Days.Intersect(period) is not null))),
            ];
    }

    private static EarlyEnd? EndsIn(Period period, EarlyEnd? end) =>
        end?.DaysLeft[0].Days.Start is { } day && day > period.Start && day <= period.End ? end : null;
}

/// <summary>Totals as Usage would tell them, for whole months.</summary>
internal sealed class SaidUsage : IUsageTotals
{
    private readonly List<(DateOnly Day, UsageTotal Total)> _said = [];

    /// <summary>What was told of distinct resources, for every period.</summary>
    public ConcurrentBag<(OrganizationId Tenant, DistinctUsage Usage)> Distinct { get; } = [];

    /// <summary>Fails so many reads, as a database that goes away.</summary>
    public int Failures { get; set; }

    public void Add(
        OrganizationRef tenant, SubscriptionId subscription, string day, string meter, string quantity, string sku = "", string region = "")
    {
        lock (_said)
            _said.Add((DateOnly.Parse(day), new UsageTotal(tenant.Id, subscription, meter, sku, region, Exact.Parse(quantity), 1)));
    }

    public Task<IReadOnlyList<DistinctUsage>> DistinctAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<DistinctUsage>>([.. Distinct.Where(x => tenants.Contains(x.Tenant)).Select(x => x.Usage)]);

    public async Task<IReadOnlyList<OfStretch<UsageTotal>>> OfStretchesAsync(IReadOnlyCollection<UsageStretch> stretches, CancellationToken ct)
    {
        var totals = new List<OfStretch<UsageTotal>>();
        foreach (var stretch in stretches)
            totals.AddRange((await OfTenantsAsync(stretch.Days, [stretch.TenantId], ct))
                .Where(total => total.SubscriptionId == stretch.SubscriptionId)
                .Select(total => new OfStretch<UsageTotal>(stretch.Days.Start, total)));
        return totals;
    }

    public Task<IReadOnlyList<OfStretch<DistinctUsage>>> DistinctOfStretchesAsync(
        IReadOnlyCollection<UsageStretch> stretches, CancellationToken ct) => Task.FromResult<IReadOnlyList<OfStretch<DistinctUsage>>>(
        [
            .. stretches.SelectMany(stretch => Distinct.Where(x => x.Usage.SubscriptionId == stretch.SubscriptionId)
                .Select(x => new OfStretch<DistinctUsage>(stretch.Days.Start, x.Usage))),
        ]);

    public Task CatchUpAsync(Period period, CancellationToken ct) => Task.CompletedTask;

    public Task FreshenAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct) => Task.CompletedTask;

    public Task<IReadOnlySet<OrganizationId>> UnmergedAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct) =>
        Task.FromResult<IReadOnlySet<OrganizationId>>(new HashSet<OrganizationId>());

    public Task<IReadOnlyList<DailyUsage>> OfDaysAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, IReadOnlyCollection<SubscriptionId> subscriptions, CancellationToken ct)
    {
        lock (_said)
            return Task.FromResult<IReadOnlyList<DailyUsage>>([.. _said
                .Where(x => period.Contains(x.Day) && tenants.Contains(x.Total.TenantId) && subscriptions.Contains(x.Total.SubscriptionId))
                .GroupBy(x => (x.Day, Total: x.Total with { Quantity = 0 }))
                .Select(x => new DailyUsage(x.Key.Day, x.Key.Total with { Quantity = Exact.Sum(x.Select(y => y.Total.Quantity)) }))]);
    }

    public Task<IReadOnlyList<UsageTotal>> OfTenantsAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        lock (_said)
        {
            if (Failures > 0)
            {
                Failures--;
                throw new TimeoutException("The rollups do not answer.");
            }

            return Task.FromResult<IReadOnlyList<UsageTotal>>([.. _said
                .Where(x => period.Contains(x.Day) && tenants.Contains(x.Total.TenantId))
                .GroupBy(x => x.Total with { Quantity = 0 })
                .Select(x => x.Key with { Quantity = Exact.Sum(x.Select(y => y.Total.Quantity)) })]);
        }
    }
}
