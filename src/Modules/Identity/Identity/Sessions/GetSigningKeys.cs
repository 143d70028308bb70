using System.Buffers.Text;
using Licensing.Kernel.Http;

namespace Licensing.Identity.Sessions;

/// <summary>The public halves of the signing keys, for whoever verifies our tokens by himself (RFC 7517).</summary>
internal static class GetSigningKeys
{
    [Anyone]
    public sealed record Query : IQuery<KeySetView>;

    public sealed record KeySetView(IReadOnlyList<KeyView> Keys);

    public sealed record KeyView(string Kty, string Crv, string X, string Y, string Use, string Alg, string Kid);

    internal sealed class Handler(SigningKeys keys) : IQueryHandler<Query, KeySetView>
    {
        public async Task<Result<KeySetView>> Handle(Query query, CancellationToken cancellationToken)
        {
            var key = await keys.CurrentAsync(cancellationToken);
            var point = key.ECDsa.ExportParameters(includePrivateParameters: false).Q;
            return new KeySetView(
                [new KeyView("EC", "P-256", Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y), "sig", "ES256", key.KeyId)]);
        }
    }

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/.well-known/jwks.json", (ISender sender, CancellationToken ct) => sender.Ok(new Query(), ct))
        .Slice<Query, KeySetView>(nameof(GetSigningKeys), "Public keys of the access tokens")
        .WithTags("Identity");
}
