using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Licensing.Identity.Federation;

/// <summary>
/// The keys of each issuer, kept for a while, asked for again when a token names one that is not among them, and no longer believed
/// when the issuer has not confirmed them within a bound. Asked at most once per interval, one question at a time: neither a stranger's
/// inventions nor an outage become a flood.
/// </summary>
internal sealed class IssuerKeys(IssuerDocuments documents, IdentityProviders providers, TimeProvider clock, ILogger<IssuerKeys> log) : IDisposable
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly FederationSettings _settings = providers.Settings;

    /// <returns>Null when there is nothing that may still be believed.</returns>
    public async Task<IssuerMetadata?> OfAsync(IdentityProvider provider, string? keyId, CancellationToken ct)
    {
        var entry = _entries.GetOrAdd(provider.Name, _ => new Entry());
        if (Serves(entry.Metadata, keyId))
            return entry.Metadata;

        await entry.Asking.WaitAsync(ct);
        try
        {
            var now = clock.GetUtcNow();
            if (!Serves(entry.Metadata, keyId) && (entry.AskedAt is not { } asked || now - asked >= _settings.RefreshAtMostEvery))
            {
                entry.AskedAt = now;
                await AskAsync(entry, provider);
            }

            return entry.Metadata is { } known && now - known.ReadAt < _settings.KeysUsableFor ? known : null;
        }
        finally
        {
            entry.Asking.Release();
        }
    }

    public void Dispose()
    {
        foreach (var entry in _entries.Values)
            entry.Asking.Dispose();
    }

    // Not given up with the caller: whoever hangs up would spend the interval's one question for everyone.
    private async Task AskAsync(Entry entry, IdentityProvider provider)
    {
        try
        {
            entry.Metadata = await documents.ReadAsync(provider, CancellationToken.None);
        }
        catch (IssuerUnreadableException failure)
        {
            log.LogWarning(failure, "The issuer of {Provider} cannot be read; its last keys, if any, go on for a while.", provider.Name);
        }
    }

    private bool Serves(IssuerMetadata? known, string? keyId) => known is not null && clock.GetUtcNow() - known.ReadAt < _settings.KeysFreshFor
        && (keyId is null || known.Keys.Any(k => k.KeyId == keyId));

    private sealed class Entry
    {
        private volatile IssuerMetadata? _metadata;

        public SemaphoreSlim Asking { get; } = new(1);

        public IssuerMetadata? Metadata
        {
            get => _metadata;
            set => _metadata = value;
        }

        public DateTimeOffset? AskedAt { get; set; }
    }
}
