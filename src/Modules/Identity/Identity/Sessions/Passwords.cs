using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Licensing.Identity.Sessions;

/// <summary>PBKDF2 with HMAC-SHA-512; how many rounds is the setting <c>Security:PasswordIterations</c>.</summary>
internal sealed class Passwords
{
    public const int Shortest = 12;
    public const int Longest = 128;
    private const int DefaultIterations = 210_000;

    // The framework's hasher does not look at the user.
    private static readonly object Nobody = new();
    private readonly PasswordHasher<object> _hasher;
    private readonly string _dummy;

    public Passwords(IConfiguration configuration)
    {
        _hasher = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions
        {
            IterationCount = configuration.GetValue("Security:PasswordIterations", DefaultIterations),
        }));
        _dummy = Hash("nobody's password");
    }

    public string Hash(string password) => _hasher.HashPassword(Nobody, password);

    /// <summary>Takes about as long where there is no hash, so that the time does not tell who exists.</summary>
    public bool Holds(string? hash, string password) =>
        _hasher.VerifyHashedPassword(Nobody, hash ?? _dummy, password) is not PasswordVerificationResult.Failed && hash is not null;
}
