using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.Caching.Memory;

namespace Licensing.Identity.Credentials;

/// <summary>What proving a credential found, and until when it may be believed without asking again.</summary>
internal readonly record struct Proven(Access? Access, Refusal? Refusal, DateTimeOffset Until = default)
{
    public static implicit operator Proven(Refusal refusal) => new(null, refusal);
}

/// <summary>
/// Remembers whom a credential proved, by its digest, so that a request in a steady state costs one hash. Another process learns of a
/// revoked credential when its own memory ends, after <see cref="Longest"/>; this one at once.
/// </summary>
internal sealed class CredentialCache(TimeProvider clock) : IDisposable
{
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(15);
    private const int LongestCredential = 4096;
    private const int MostEntries = 50_000;

    private readonly MemoryCache _known = new(new MemoryCacheOptions { SizeLimit = MostEntries });
    private long _generation;

    public async ValueTask<Proof> ProveAsync(string credential, Func<string, CancellationToken, Task<Proven>> prove, CancellationToken ct)
    {
        if (credential.Length > LongestCredential)
            return CredentialRefusals.Invalid;

        var digest = DigestOf(credential);
        var now = clock.GetUtcNow();
        if (_known.TryGetValue(digest, out Entry? entry) && entry!.Until > now && entry.Generation == Interlocked.Read(ref _generation))
            return entry.Access;

        var generation = Interlocked.Read(ref _generation);
        var proven = await prove(credential, ct);
        if (proven.Access is not { } access)
            return proven.Refusal!;

        var until = proven.Until < now + Longest ? proven.Until : now + Longest;
        // What was read before someone's change committed carries the generation of before and is not believed after it.
        _known.Set(digest, new Entry(access, until, generation), new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Longest });
        return access;
    }

    /// <summary>Forgets everyone once the change has committed: rights hang on users, roles, keys and the whole tree above.</summary>
    public void ForgetAfterCommit(DbSession session) => session.AfterCommit(Forget);

    public void Forget()
    {
        Interlocked.Increment(ref _generation);
        _known.Clear();
    }

    public void Dispose() => _known.Dispose();

    private static UInt128 DigestOf(string credential)
    {
        Span<byte> text = stackalloc byte[256];
        var rented = credential.Length * 3 > text.Length ? new byte[credential.Length * 3] : null;
        var length = Encoding.UTF8.GetBytes(credential, rented ?? text);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData((rented ?? text)[..length], hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    private sealed record Entry(Access Access, DateTimeOffset Until, long Generation);
}
