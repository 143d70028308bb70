using System.Collections.Frozen;
using Microsoft.Extensions.Configuration;

namespace Licensing.Identity.Federation;

/// <summary>The providers that are switched on. Prepared at the start, so that settings that cannot work stop it and not the first log-in.</summary>
internal sealed class IdentityProviders : IPreparation
{
    private readonly FrozenDictionary<string, IdentityProvider> _byName;

    public IdentityProviders(IConfiguration configuration)
    {
        Settings = configuration.GetSection("Federation").Get<FederationSettings>() ?? new FederationSettings();
        All =
        [
            .. Settings.Providers.Where(p => p.Value.Enabled).OrderBy(p => p.Key, StringComparer.Ordinal)
                .Select(p => new IdentityProvider(p.Key, p.Value)),
        ];
        _byName = All.ToFrozenDictionary(p => p.Name, StringComparer.OrdinalIgnoreCase);
    }

    public FederationSettings Settings { get; }

    public IReadOnlyList<IdentityProvider> All { get; }

    public IdentityProvider? Find(string name) => _byName.GetValueOrDefault(name);

    public Task PrepareAsync(CancellationToken ct) => Task.CompletedTask;
}
