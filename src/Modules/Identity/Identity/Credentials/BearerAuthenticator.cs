using Licensing.Identity.ApiKeys;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Credentials;

/// <summary>What proves a caller: an access token or an API key, in <c>Authorization: Bearer</c>.</summary>
internal sealed class BearerAuthenticator(CredentialGate gate, AccessTokens tokens, ApiKeyProof keys) : IAuthenticator
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
            return await keys.ProveAsync(context, credential, ct);
        var proof = await gate.ProveAsync(context, credential, tokens.ProveAsync, ct);
        // A first password is known to whoever gave it, so until it is changed it opens nothing else, not even a read; nor does a log-in
        // that lacks the second factor which is asked for.
        return proof.Access?.WritesRefused is { } first
            && (first == SessionRefusals.PasswordChangeRequired || first == SessionRefusals.MfaEnrolmentRequired)
            && !MaySend(context)
            ? first
            : proof;
    }

    private static bool MaySend(HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<SliceMetadata>() is not { } slice
        || slice.Policy.Anyone || BeforeAllElse.Contains(slice.Request);

    private static readonly Type[] BeforeAllElse =
        [typeof(ChangePassword.Attempt), typeof(Logout.Command), typeof(StartMfa.Attempt), typeof(ConfirmMfa.Attempt)];
}
