using Licensing.Identity.ApiKeys;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Credentials;

/// <summary>What proves a caller: an access token or an API key, in <c>Authorization: Bearer</c>.</summary>
internal sealed class BearerAuthenticator(CredentialCache cache, AccessTokens tokens, ApiKeyProof keys) : IAuthenticator
{
    private const string Prefix = "Bearer ";

    public string Scheme => "Bearer";

    public async ValueTask<Proof> AuthenticateAsync(HttpContext context, CancellationToken ct)
    {
        var header = context.Request.Headers.Authorization;
        if (header.Count == 0)
            return Proof.None;
        if (header is not [{ } value] || !value.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return CredentialRefusals.Invalid;

        var credential = value[Prefix.Length..].Trim();
        if (credential.StartsWith(ApiKeySecret.Mark, StringComparison.Ordinal))
            return await keys.ProveAsync(credential, ct);
        var proof = await cache.ProveAsync(credential, tokens.ProveAsync, ct);
        // A first password is known to whoever gave it, so until it is changed it opens nothing else, not even a read; nor does a log-in
        // that lacks the second factor which is asked for.
        return proof.Access?.WritesRefused is { } first && (first == SessionRefusals.PasswordChangeRequired || first == SessionRefusals.MfaEnrolmentRequired)
            && !MaySend(context)
            ? first
            : proof;
    }

    private static bool MaySend(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<SliceMetadata>() is not { } slice
        || slice.Policy.Anyone || BeforeAllElse.Contains(slice.Request);

    private static readonly Type[] BeforeAllElse = [typeof(ChangePassword.Command), typeof(Logout.Command), typeof(StartMfa.Command), typeof(ConfirmMfa.Command)];
}

/// <summary>An API key in <c>X-API-KEY</c>.</summary>
internal sealed class ApiKeyAuthenticator(ApiKeyProof keys) : IAuthenticator
{
    public const string Header = "X-API-KEY";

    public string Scheme => "ApiKey";

    public ValueTask<Proof> AuthenticateAsync(HttpContext context, CancellationToken ct) => context.Request.Headers[Header] switch
    {
        [] => new(Proof.None),
        [{ } key] => keys.ProveAsync(key, ct),
        _ => new(CredentialRefusals.Invalid),
    };
}

/// <summary>Proves an API key, whichever header it came in.</summary>
internal sealed class ApiKeyProof(CredentialCache cache, AccessReader reader)
{
    public ValueTask<Proof> ProveAsync(string key, CancellationToken ct) => cache.ProveAsync(key, ReadAsync, ct);

    // A mistyped key fails its checksum and costs no read.
    private Task<Proven> ReadAsync(string key, CancellationToken ct) => ApiKeySecret.PrefixOf(key) is { } prefix
        ? reader.ApiKeyAsync(prefix, stored => ApiKeySecret.Is(key, stored), ct)
        : Task.FromResult<Proven>(CredentialRefusals.Invalid);
}
