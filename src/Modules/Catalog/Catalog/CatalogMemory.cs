using Licensing.Catalog.Contracts;
using Microsoft.Extensions.Caching.Memory;

namespace Licensing.Catalog;

/// <summary>
/// Plan versions and product rules of this process; the bound keeps memory in hand. A version never changes, so it may stay. Rules do, in
/// any process, so they are asked for again after <see cref="RulesStay"/>.
/// </summary>
internal sealed class CatalogMemory(TimeProvider clock) : IDisposable
{
    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = 4_096 });

    public bool Knows<T>(object key, out T? value) where T : class => _kept.TryGetValue(key, out value);

    public void Keep<T>(object key, T value) where T : class => _kept.Set(key, value, new MemoryCacheEntryOptions { Size = 1 });

    /// <summary>How long a change of rules made in another process may stay unseen.</summary>
    public static readonly TimeSpan RulesStay = TimeSpan.FromSeconds(5);

    public bool Knows(string product, out ProductRules? rules)
    {
        rules = Knows<RulesThen>(product, out var then) && clock.GetElapsedTime(then!.At) < RulesStay ? then.Rules : null;
        return rules is not null;
    }

    /// <param name="rules">As read.</param>
    /// <param name="asked">The clock's timestamp before they were asked for: the answer is no younger.</param>
    public void Keep(ProductRules rules, long asked) => Keep(rules.Product, new RulesThen(rules, asked));

    public long Now => clock.GetTimestamp();

    public void Forget(string product) => _kept.Remove(product);

    private sealed record RulesThen(ProductRules Rules, long At);

    public void Dispose() => _kept.Dispose();
}
