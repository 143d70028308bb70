using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.Caching.Memory;

namespace Licensing.Identity.Credentials;

/// <summary>
/// Remembers whom a credential proved, by its digest, so that a request in a steady state costs one hash. Another process learns of a
/// revoked credential when its own memory ends, after <see cref="Longest"/>; this one at once. What is asked by many at once is proved
/// once.
/// </summary>
internal sealed class CredentialCache(TimeProvider clock) : IDisposable
{
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    public const int MostEntries = 50_000;
    private const int LongestCredential = 4096;
    private static readonly TimeSpan GoodFor = TimeSpan.FromHours(1);

    // Of this process alone: passwords are among what is remembered, and a plain digest of one can be guessed at.
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);
    private readonly MemoryCache _known = new(new MemoryCacheOptions { SizeLimit = MostEntries });
    // Of what held not long ago, whatever has happened since: it is looked up again, never believed for that.
    private readonly MemoryCache _held = new(new MemoryCacheOptions { SizeLimit = MostEntries });
    private readonly ConcurrentDictionary<(UInt128 Digest, long Generation), Lazy<Task<Entry>>> _proving = new();
    private long _generation;

    /// <summary>Another after every change of what credentials hang on, for what else is believed as long.</summary>
    public long Generation => Interlocked.Read(ref _generation);

    /// <summary>How many are remembered.</summary>
    public int Count => _known.Count;

    public async ValueTask<Proof> ProveAsync(string credential, Func<string, CancellationToken, Task<Proven>> prove, CancellationToken ct)
    {
        if (credential.Length > LongestCredential)
            return CredentialRefusals.Invalid;
        var digest = DigestOf(credential);
        var generation = Interlocked.Read(ref _generation);
        if (Known(digest, generation) is { } known)
            return known;

        // Whoever comes after a change does not wait with those who began to read before it. A caller who hangs up stops waiting, and
        // leaves the others their proof.
        var key = (digest, generation);
        var asked = _proving.GetOrAdd(key, k => new Lazy<Task<Entry>>(() => ProveOnceAsync(k, credential, prove)));
        return ProofOf(await asked.Value.WaitAsync(ct));
    }

    /// <summary>Believes nothing that was found before now, not even by one who is asking at this moment.</summary>
    public async ValueTask<Proof> ProveAnewAsync(string credential, Func<string, CancellationToken, Task<Proven>> prove) =>
        credential.Length > LongestCredential
            ? CredentialRefusals.Invalid
            : ProofOf(await ProveAndKeepAsync((DigestOf(credential), Interlocked.Read(ref _generation)), credential, prove));

    private static Proof ProofOf(Entry proven) => proven.Access is { } access ? access : proven.Refusal!;

    /// <summary>Whether it held when it was last looked at, not long ago: whoever shows it does not guess.</summary>
    public bool HeldLately(string credential) => credential.Length <= LongestCredential && _held.TryGetValue(DigestOf(credential), out _);

    private Access? Known(UInt128 digest, long generation) =>
        _known.TryGetValue(digest, out Entry? entry) && entry!.Generation == generation && clock.GetElapsedTime(entry.ReadAt) < Longest
            && entry.Until > clock.GetUtcNow()
            ? entry.Access
            : null;

    /// <summary>Forgets everyone once the change has committed: rights hang on users, roles, keys and the whole tree above.</summary>
    public void ForgetAfterCommit(DbSession session) => session.AfterCommit(Forget);

    public void Forget()
    {
        Interlocked.Increment(ref _generation);
        _known.Clear();
    }

    public void Dispose()
    {
        _known.Dispose();
        _held.Dispose();
    }

    private async Task<Entry> ProveOnceAsync(
        (UInt128 Digest, long Generation) key, string credential, Func<string, CancellationToken, Task<Proven>> prove)
    {
        try
        {
            return await ProveAndKeepAsync(key, credential, prove);
        }
        finally
        {
            _proving.TryRemove(key, out _);
        }
    }

    private async Task<Entry> ProveAndKeepAsync(
        (UInt128 Digest, long Generation) key, string credential, Func<string, CancellationToken, Task<Proven>> prove)
    {
        // The end counts from before the read: what commits during it may not be in what was read.
        var readAt = clock.GetTimestamp();
        var proven = await prove(credential, CancellationToken.None);
        var entry = new Entry(
            proven.Access is { } access ? access with { Until = proven.Until } : null, proven.Refusal, proven.Until, readAt, key.Generation);
        // What was read before someone's change committed carries the generation of before and is not believed after it.
        if (entry.Access is null)
        {
            _known.Remove(key.Digest);
            _held.Remove(key.Digest);
            return entry;
        }

        _known.Set(key.Digest, entry, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Longest });
        _held.Set(key.Digest, true, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = GoodFor });
        return entry;
    }

    private UInt128 DigestOf(string credential)
    {
        Span<byte> text = stackalloc byte[256];
        var rented = credential.Length * 3 > text.Length ? new byte[credential.Length * 3] : null;
        var length = Encoding.UTF8.GetBytes(credential, rented ?? text);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, (rented ?? text)[..length], hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    // How long it is remembered is not told by the wall clock, which may be set back; until when it lives is.
    private sealed record Entry(Access? Access, Refusal? Refusal, DateTimeOffset Until, long ReadAt, long Generation);
}
