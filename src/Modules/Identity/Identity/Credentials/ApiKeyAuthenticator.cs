using Licensing.Kernel.Http;

namespace Licensing.Identity.Credentials;

/// <summary>An API key in <c>X-API-KEY</c>.</summary>
internal sealed class ApiKeyAuthenticator(ApiKeyProof keys) : IAuthenticator
{
    public const string Header = "X-API-KEY";

    public string Scheme => "ApiKey";

    public ValueTask<Proof> AuthenticateAsync(HttpContext context, CancellationToken ct) => context.Request.Headers[Header] switch
    {
        [] => new(Proof.None),
        [{ } key] => keys.ProveAsync(context, key, ct),
        _ => new(CredentialRefusals.Invalid),
    };
}
