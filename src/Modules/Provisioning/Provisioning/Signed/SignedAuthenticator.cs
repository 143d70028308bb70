using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;

namespace Licensing.Provisioning.Signed;

/// <summary>
/// Proves a request by the one token that is bound to its body: the caller is the certificate's organisation, and may do here what this
/// door does and nothing else.
/// </summary>
internal sealed class SignedAuthenticator(ICertificateRegistry certificates, UsedTokens used, RateLimits limits, TimeProvider clock) : IAuthenticator
{
    public const int MostBytes = 64 * 1024;
    private const string Prefix = "Bearer ";
    private static readonly FrozenSet<string> Allowed = FrozenSet.Create(StringComparer.Ordinal, ProvisioningPermissions.SignedUpdate);

    // To read a key costs a hundred times what using it does: the cryptographic library proves it first.
    private readonly ConditionalWeakTable<RegisteredCertificate, RSA> _keys = [];

    public string Scheme => "SignedUpdate";

    public async ValueTask<Proof> AuthenticateAsync(HttpContext context, CancellationToken ct)
    {
        // Where there is nothing to do there is nothing to prove.
        if (context.GetEndpoint()?.Metadata.GetMetadata<SliceMetadata>() is null)
            return Proof.None;
        if (context.Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return SignedRefusals.InvalidToken("The header Authorization must hold Bearer and the signed token.");
        if (SignedToken.Parse(header[Prefix.Length..].Trim()).Refused(out var refusal, out var token))
            return refusal;

        // For an address whose requests are spent nothing is looked up; one that signed a moment ago is not kept out by others there.
        if (certificates.Known(token.KeyId) is null && limits.RefusalOfAddress(context) is { } spent)
            return spent;
        var now = clock.GetUtcNow();
        if (await certificates.FindAsync(token.KeyId, ct) is not ({ OrganizationActive: true } certificate, var settings)
            || !certificate.IsGoodAt(now))
            return SignedRefusals.InvalidCertificate;
        if (!token.IsSignedWith(_keys.GetValue(certificate, KeyOf)))
            return SignedRefusals.InvalidToken("The token's signature is not the certificate's.");
        if (token.Judge(certificate, settings.SignedIssuer, settings.SignedAudience, now).Refused(out refusal, out var claims))
        {
            // Used up all the same, or one that is refused for a time to come would be good when that has come.
            if (token.UseBy(certificate) is { } use)
                await used.TakeAsync(certificate.Id, use, ct);
            return refusal;
        }

        // Used up also by the wrong body, or by one that cannot be read: whoever has the token has it once.
        var isFirst = await used.TakeAsync(certificate.Id, claims.Use, ct);
        var body = await ReadAsync(context.Request, ct);
        if (!IsHashOf(claims.PayloadHash, body))
            return SignedRefusals.InvalidSignature;
        if (!isFirst)
            return SignedRefusals.DuplicateJti;

        context.Features.Set(new SignedRequest(certificate.Profile, body));
        return new Access
        {
            Kind = PrincipalKind.Credential,
            Id = certificate.Id,
            Name = $"certificate {certificate.Fingerprint}",
            OrganizationId = certificate.OrganizationId.Value,
            Path = certificate.Path,
            Grants = [new Grant("certificate", certificate.OrganizationId.Value, certificate.Path, Allowed)],
        };
    }

    private static RSA KeyOf(RegisteredCertificate certificate)
    {
        var key = RSA.Create();
        key.ImportSubjectPublicKeyInfo(certificate.PublicKey.Span, out _);
        return key;
    }

    private static async Task<byte[]> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        var body = new MemoryStream();
        var buffer = new byte[8 * 1024];
        while (await request.Body.ReadAsync(buffer, ct) is > 0 and var read)
        {
            if (body.Length + read > MostBytes)
                throw new BadHttpRequestException("The body is too large.", StatusCodes.Status413PayloadTooLarge);
            body.Write(buffer, 0, read);
        }

        body.Position = 0;
        request.Body = body;
        return body.ToArray();
    }

    private static bool IsHashOf(string claimed, byte[] body) =>
        IsSame(claimed, SHA256.HashData(body)) || (CompactJson.Of(body) is { } compact && IsSame(claimed, SHA256.HashData(compact)));

    private static bool IsSame(string claimed, byte[] hash) => claimed == Convert.ToHexStringLower(hash);
}

/// <summary>A proved request: what was signed, and by which generation of clients.</summary>
internal sealed record SignedRequest(CertificateProfile Profile, byte[] Body);
