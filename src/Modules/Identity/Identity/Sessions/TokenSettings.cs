using Microsoft.Extensions.Configuration;

namespace Licensing.Identity.Sessions;

/// <summary>Settings of tokens, keys and sessions: section <c>Security</c>, and where the world reaches this system.</summary>
internal sealed class TokenSettings
{
    public TokenSettings(IConfiguration configuration)
    {
        PublicUrl = UrlOf(configuration["Platform:PublicUrl"]);
        Issuer = configuration["Security:Issuer"] is { Length: > 0 } issuer ? issuer : PublicUrl ?? "licensing";
        Audience = configuration["Security:Audience"] is { Length: > 0 } audience ? audience : "licensing-api";
        RotateKeysAfter = Span(configuration, nameof(RotateKeysAfter), TimeSpan.FromDays(90));
        PublishKeysFor = Span(configuration, nameof(PublishKeysFor), TimeSpan.FromHours(1));
        SessionIdle = Span(configuration, nameof(SessionIdle), TimeSpan.FromDays(30));
        SessionLongest = Span(configuration, nameof(SessionLongest), TimeSpan.FromDays(90));
        // Every host must have read a key before any of them signs with it.
        if (PublishKeysFor < 4 * SigningKeys.Fresh || RotateKeysAfter <= PublishKeysFor)
            throw new InvalidOperationException(
                $"Security:PublishKeysFor must be at least {4 * SigningKeys.Fresh} and less than Security:RotateKeysAfter.");
    }

    /// <summary>Without a slash at its end; null where nobody said it.</summary>
    public string? PublicUrl { get; }

    public string Issuer { get; }

    public string Audience { get; }

    public TimeSpan RotateKeysAfter { get; }

    /// <summary>How long a new key is published before it signs.</summary>
    public TimeSpan PublishKeysFor { get; }

    /// <summary>How long a session lives that nobody refreshes.</summary>
    public TimeSpan SessionIdle { get; }

    /// <summary>How long a session lives, however often it is refreshed.</summary>
    public TimeSpan SessionLongest { get; }

    private static string? UrlOf(string? setting) => string.IsNullOrEmpty(setting) ? null
        : Uri.TryCreate(setting, UriKind.Absolute, out var url) && url.Scheme is "https" or "http" && url is { Query: "", Fragment: "" }
            ? setting.TrimEnd('/')
            : throw new InvalidOperationException($"Platform:PublicUrl '{setting}' is not a web address.");

    private static TimeSpan Span(IConfiguration configuration, string name, TimeSpan usual)
    {
        var span = configuration.GetValue($"Security:{name}", usual);
        return span > TimeSpan.Zero ? span : throw new InvalidOperationException($"Security:{name} must be more than nothing.");
    }
}
