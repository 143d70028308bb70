using System.Buffers.Text;
using System.Security.Cryptography;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Certificates;

/// <summary>The public keys that licence updates may be signed with now, by their certificates' fingerprints (RFC 7517).</summary>
internal static class GetCertificateKeys
{
    [Anyone]
    public sealed record Query : IQuery<CertificateKeysView>;

    public sealed record CertificateKeysView(IReadOnlyList<CertificateKeyView> Keys);

    public sealed record CertificateKeyView(string Kty, string N, string E, string Use, string Alg, string Kid, string X5t);

    internal sealed class Handler(IdentityDb db, TimeProvider clock) : IQueryHandler<Query, CertificateKeysView>
    {
        public async Task<Result<CertificateKeysView>> Handle(Query query, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            // Not in pages: the format has none, and a reseller has a handful.
            var keys = await db.Certificates.AsNoTracking()
                .Where(x => x.RevokedAt == null && x.NotBefore <= now && x.NotAfter > now)
                .Where(x => db.Organizations.Any(o => o.Id == x.OrganizationId && o.Status != OrganizationStatus.Closed))
                .OrderBy(x => x.Id).Select(x => new { x.Fingerprint, x.PublicKey }).ToListAsync(cancellationToken);
            return new CertificateKeysView([.. keys.Select(k => View(k.Fingerprint, k.PublicKey))]);
        }

        private static CertificateKeyView View(string fingerprint, byte[] publicKey)
        {
            using var rsa = RSA.Create();
            rsa.ImportSubjectPublicKeyInfo(publicKey, out _);
            var key = rsa.ExportParameters(includePrivateParameters: false);
            return new CertificateKeyView(
                "RSA", Base64Url.EncodeToString(key.Modulus), Base64Url.EncodeToString(key.Exponent), "sig", "RS256", fingerprint,
                Base64Url.EncodeToString(Convert.FromHexString(fingerprint)));
        }
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, "/licensing/.well-known/jwks.json", nameof(GetCertificateKeys));
        Map(routes, "/api/v1/.well-known/jwks.json", nameof(GetCertificateKeys) + "Alias");
    }

    private static void Map(IEndpointRouteBuilder routes, string path, string name) => routes
        .MapGet(path, (ISender sender, CancellationToken ct) => sender.Ok(new Query(), ct))
        .Slice<Query, CertificateKeysView>(name, "Public keys of the certificates that sign licence updates")
        .WithTags("Identity");
}
