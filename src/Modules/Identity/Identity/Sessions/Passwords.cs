using System.Buffers.Binary;
using System.Security.Cryptography;
using Licensing.Identity.Users;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Licensing.Identity.Sessions;

/// <summary>The framework's hasher, PBKDF2 with HMAC-SHA-512; how many rounds is the setting <c>Security:PasswordIterations</c>.</summary>
internal sealed class Passwords
{
    public const int DefaultIterations = 210_000;

    private readonly IPasswordHasher<User> _hasher;
    private readonly int _iterations;
    private readonly string _dummy;

    public Passwords(IPasswordHasher<User> hasher, IOptions<PasswordHasherOptions> options)
    {
        (_hasher, _iterations) = (hasher, options.Value.IterationCount);
        _dummy = Hash("nobody's password");
    }

    // The framework's hasher does not look at the user.
    public string Hash(string password) => _hasher.HashPassword(null!, password);

    /// <summary>Takes about as long where there is no hash, so that the time does not tell who exists.</summary>
    public (bool Holds, string? NewHash) Check(string? hash, string password)
    {
        var outcome = _hasher.VerifyHashedPassword(null!, hash ?? _dummy, password);
        if (outcome is PasswordVerificationResult.SuccessRehashNeeded && hash is not null)
            return (true, Hash(password));
        CatchUp(hash ?? _dummy, password);
        return (outcome is not PasswordVerificationResult.Failed && hash is not null, null);
    }

    // A hash from before the setting rose is checked faster than the dummy, which would tell that its user exists.
    private void CatchUp(string hash, string password)
    {
        var bytes = Convert.FromBase64String(hash);
        if (bytes is [1, ..] && BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(5)) is var rounds && rounds < _iterations)
            Rfc2898DeriveBytes.Pbkdf2(password, bytes.AsSpan(0, 16), _iterations - (int)rounds, HashAlgorithmName.SHA512, 32);
    }
}
