using System.Collections.Concurrent;
using System.Text;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Data;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Usage.Records;

/// <summary>A subscription with all that a record of it needs.</summary>
internal sealed class KnownSubscription(Guid id, OrganizationId tenantId, DateOnly startedOn, DateOnly? endedOn, PathHistory places)
{
    private readonly byte[] _path = Encoding.UTF8.GetBytes(places.Path);

    public Guid Id => id;

    public UInt128 Key { get; } = Uuids.NumberOf(id);

    public UInt128 Tenant { get; } = Uuids.NumberOf(tenantId.Value);

    public bool IsLive(DateOnly day) => startedOn <= day && (endedOn is null || day < endedOn);

    public string PlaceOn(DateOnly day) => places.Former.Count == 0 ? places.Path : places.On(day);

    public byte[] PathOf(string place) => place == places.Path ? _path : Encoding.UTF8.GetBytes(place);
}

/// <summary>What a tenant's external id leads to.</summary>
/// <param name="Tenants">How many tenants within the sender's reach have it.</param>
/// <param name="All">Their subscriptions with price lists; of more tenants than a name may come to mean by chance none.</param>
internal sealed record NamedTenant(int Tenants, IReadOnlyList<KnownSubscription> All)
{
    public const int MostTenants = 16;

    /// <summary>
    /// Those that a record may be of. Two partners may use one external id: even if only one of the tenants has a subscription that fits, taking it
    /// would be a guess at whom to bill.
    /// </summary>
    public IReadOnlyList<KnownSubscription> Subscriptions => Tenants == 1 ? All : [];

    /// <summary>Whether a record of this day is one subscription's and no other's.</summary>
    public bool HasOne(DateOnly day)
    {
        var live = 0;
        foreach (var subscription in Subscriptions)
            live += subscription.IsLive(day) ? 1 : 0;
        return Tenants == 1 && live == 1;
    }
}

/// <summary>
/// What this process read of subscriptions, tenants and meters in the last few seconds. What it does not know it asks for, and what would be
/// refused by what it knows, so nothing that is new is missed; what ended or moved may go on for those seconds, and a name be taken for the one that
/// it meant, as they would for a request that was sent so much earlier.
/// </summary>
internal sealed class TargetMemory(IServiceScopeFactory scopes, UsageSettings settings, TimeProvider clock)
{
    private const int MostKept = 50_000;

    private readonly ConcurrentDictionary<Guid, Kept<KnownSubscription>> _byId = new();
    private readonly ConcurrentDictionary<(string Scope, string ExternalId), Kept<NamedTenant>> _byName = new();
    private Kept<Meters>? _meters;

    public KnownSubscription? Find(Guid id) => _byId.TryGetValue(id, out var kept) ? Fresh(kept) : null;

    public NamedTenant? Find(string scope, string externalId) => _byName.TryGetValue((scope, externalId), out var kept) ? Fresh(kept) : null;

    /// <summary>All meters, as they are now where <paramref name="anew"/>.</summary>
    public async ValueTask<Meters> MetersAsync(bool anew, IServiceProvider? own, CancellationToken ct)
    {
        if (!anew && _meters is { } kept && Fresh(kept) is { } known)
            return known;
        var asked = clock.GetTimestamp();
        var meters = new Meters((await AskAsync(own, s => s.GetRequiredService<ICatalog>().MetersAsync(ct))).Values);
        _meters = new(meters, asked);
        return meters;
    }

    /// <returns>Those of <paramref name="ids"/> that there are.</returns>
    public Task<IReadOnlyDictionary<Guid, KnownSubscription>> ReadAsync(
        IReadOnlyCollection<Guid> ids, IServiceProvider? own, CancellationToken ct) =>
        AskAsync(own, s => ReadAsync(ids, s, clock.GetTimestamp(), ct));

    private async Task<IReadOnlyDictionary<Guid, KnownSubscription>> ReadAsync(
        IReadOnlyCollection<Guid> ids, IServiceProvider services, long asked, CancellationToken ct)
    {
        var found = await services.GetRequiredService<ISubscriptionDirectory>().DaysAsync([.. ids.Select(id => new SubscriptionId(id))], ct);
        var places = await services.GetRequiredService<IOrganizationDirectory>()
            .PathsAsync([.. found.Values.Select(s => s.TenantId).Distinct()], ct);
        var known = found.ToDictionary(
            s => s.Key.Value,
            s => new KnownSubscription(s.Key.Value, s.Value.TenantId, s.Value.StartedOn, s.Value.EndedOn, places[s.Value.TenantId]));
        foreach (var (id, subscription) in known)
            Keep(_byId, id, subscription, asked);
        return known;
    }

    /// <returns>One for each of <paramref name="externalIds"/>.</returns>
    public Task<IReadOnlyDictionary<string, NamedTenant>> ReadAsync(
        IReadOnlyCollection<string> externalIds, Scope reach, string reachName, IServiceProvider? own, CancellationToken ct) =>
        AskAsync(own, s => ReadAsync(externalIds, reach, reachName, s, clock.GetTimestamp(), ct));

    private async Task<IReadOnlyDictionary<string, NamedTenant>> ReadAsync(
        IReadOnlyCollection<string> externalIds, Scope reach, string reachName, IServiceProvider services, long asked, CancellationToken ct)
    {
        var (organizations, subscriptions) = (services.GetRequiredService<IOrganizationDirectory>(),
            services.GetRequiredService<ISubscriptionDirectory>());
        var tenants = await organizations.FindTenantsAsync(externalIds, reach, ct);
        var found = await subscriptions.OfTenantsAsync(
            [.. tenants.Where(t => t.Count() <= NamedTenant.MostTenants).SelectMany(t => t).Select(t => t.Id).Distinct()], ct);
        var places = await organizations.PathsAsync([.. found.Select(s => s.Key)], ct);
        var known = new Dictionary<string, NamedTenant>(StringComparer.Ordinal);
        foreach (var externalId in externalIds)
        {
            var owners = tenants[externalId].ToList();
            known[externalId] = new(owners.Count, [.. owners.SelectMany(owner => found[owner.Id]).Where(s => s.UsesPriceLists)
                .Select(s => new KnownSubscription(s.Id.Value, s.TenantId, s.StartedOn, s.EndedOn, places[s.TenantId]))]);
            // That there is nothing yet is asked again each time.
            if (known[externalId].Subscriptions.Count > 0)
                Keep(_byName, (reachName, externalId), known[externalId], asked);
        }

        return known;
    }

    // A request that has a transaction asks by it: one that held a connection and waited for another could wait for its own like.
    private async Task<T> AskAsync<T>(IServiceProvider? own, Func<IServiceProvider, Task<T>> ask)
    {
        if (own is not null)
            return await ask(own);
        // Given back at once: what was read waits for its turn without a connection.
        await using var scope = scopes.CreateAsyncScope();
        return await ask(scope.ServiceProvider);
    }

    private T? Fresh<T>(Kept<T> kept) where T : class => clock.GetElapsedTime(kept.Asked) < settings.TargetsStay ? kept.Value : null;

    private static void Keep<TKey, T>(ConcurrentDictionary<TKey, Kept<T>> known, TKey key, T value, long asked) where TKey : notnull where T : class
    {
        if (known.Count >= MostKept)
            known.Clear();
        known[key] = new(value, asked);
    }

    /// <param name="Value">What was read.</param>
    /// <param name="Asked">When it was asked for: the answer is no younger.</param>
    private sealed record Kept<T>(T Value, long Asked) where T : class;
}
