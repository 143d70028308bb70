using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Licensing.Identity.Clients;

/// <summary>One of a client's secrets: 256 random bits, of which only the digest is kept.</summary>
internal sealed record ClientSecret(Guid Id, byte[] Hash, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt)
{
    /// <summary>
    /// Who knows it (<see cref="Credentials.Maker.KnownTo"/>); empty where nobody can say, null where whoever knows any of them may (from before it
    /// was kept for each).
    /// </summary>
    public Guid[]? KnownTo { get; init; }

    /// <summary>By which scanners recognise a leaked one.</summary>
    public const string Mark = "lcs_";

    public static (ClientSecret Secret, string Clear) New(Guid[] knownTo, DateTimeOffset now)
    {
        var clear = Mark + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        return (new ClientSecret(Kernel.Id.NewGuid(now), Digest(clear), now, null) { KnownTo = knownTo }, clear);
    }

    public bool HasEnded(DateTimeOffset now) => ExpiresAt <= now;

    /// <summary>Looks at every secret, whichever of them it is.</summary>
    /// <returns>Until when the one that it is proves its client; null when it is none that is good.</returns>
    public static DateTimeOffset? EndOf(IReadOnlyList<ClientSecret> secrets, string clear, DateTimeOffset now)
    {
        var digest = Digest(clear);
        DateTimeOffset? end = null;
        foreach (var secret in secrets)
            if (CryptographicOperations.FixedTimeEquals(secret.Hash, digest) & !secret.HasEnded(now))
                end = secret.ExpiresAt ?? DateTimeOffset.MaxValue;
        return end;
    }

    // A plain digest is enough for a secret that no one can guess.
    private static byte[] Digest(string clear) => SHA256.HashData(Encoding.UTF8.GetBytes(clear));
}
