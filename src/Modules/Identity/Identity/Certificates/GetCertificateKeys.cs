using Licensing.Kernel.Http;
using Microsoft.Net.Http.Headers;

namespace Licensing.Identity.Certificates;

/// <summary>The public keys that licence updates may be signed with now, by their certificates' fingerprints (RFC 7517), the newest first.</summary>
internal static class GetCertificateKeys
{
    // Short, because a revoked one should not be believed elsewhere for long.
    private const string Cacheable = "public, max-age=60";

    [Anyone]
    public sealed record Query : IQuery<CertificateKeysView>;

    public sealed record CertificateKeysView(IReadOnlyList<CertificateKeyView> Keys);

    public sealed record CertificateKeyView(string Kty, string N, string E, string Use, string Alg, string Kid, string X5t);

    internal sealed class Handler(CertificateKeys keys) : IQueryHandler<Query, CertificateKeysView>
    {
        public async Task<Result<CertificateKeysView>> Handle(Query query, CancellationToken cancellationToken) =>
            await keys.CurrentAsync(cancellationToken);
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        Map(routes, "/licensing/.well-known/jwks.json", nameof(GetCertificateKeys));
        Map(routes, "/api/v1/.well-known/jwks.json", nameof(GetCertificateKeys) + "Alias");
    }

    private static void Map(IEndpointRouteBuilder routes, string path, string name) => routes
        .MapGet(path, (HttpResponse response, ISender sender, CancellationToken ct) =>
        {
            response.Headers[HeaderNames.CacheControl] = Cacheable;
            return sender.Ok(new Query(), ct);
        })
        .Slice<Query, CertificateKeysView>(name, "Public keys of the certificates that sign licence updates")
        .WithTags("Identity");
}
