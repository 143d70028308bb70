using System.Buffers.Text;
using Licensing.Kernel.Http;
using Microsoft.Net.Http.Headers;

namespace Licensing.Identity.Sessions;

/// <summary>The public halves of the signing keys, for whoever verifies our tokens by himself (RFC 7517).</summary>
internal static class GetSigningKeys
{
    /// <summary>May be remembered for much less than a key is published before it signs.</summary>
    public const string Cacheable = "public, max-age=300";

    [Anyone]
    public sealed record Query : IQuery<KeySetView>;

    public sealed record KeySetView(IReadOnlyList<KeyView> Keys);

    public sealed record KeyView(string Kty, string Crv, string X, string Y, string Use, string Alg, string Kid);

    internal sealed class Handler(SigningKeys keys, TimeProvider clock) : IQueryHandler<Query, KeySetView>
    {
        public async Task<Result<KeySetView>> Handle(Query query, CancellationToken cancellationToken) =>
            new KeySetView([.. (await keys.RingAsync(cancellationToken)).Published(clock.GetUtcNow()).Select(k =>
            {
                var point = k.Key.ECDsa.ExportParameters(includePrivateParameters: false).Q;
                return new KeyView("EC", "P-256", Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y), "sig", "ES256", k.Key.KeyId);
            })]);
    }

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/.well-known/jwks.json", (HttpResponse response, ISender sender, CancellationToken ct) =>
        {
            response.Headers[HeaderNames.CacheControl] = Cacheable;
            return sender.Ok(new Query(), ct);
        })
        .Slice<Query, KeySetView>(nameof(GetSigningKeys), "Public keys of access tokens and documents")
        .WithTags("Identity");
}
