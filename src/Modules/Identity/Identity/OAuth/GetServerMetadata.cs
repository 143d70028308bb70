using System.Text.Json.Serialization;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using Microsoft.IdentityModel.Tokens;
using Microsoft.Net.Http.Headers;

namespace Licensing.Identity.OAuth;

/// <summary>Where the endpoints are and what they take, for clients and gateways that configure themselves (RFC 8414, OpenID discovery).</summary>
internal static class GetServerMetadata
{
    public const string TokenPath = "/connect/token";
    public const string RevocationPath = "/connect/revocation";
    public const string IntrospectionPath = "/connect/introspection";

    [Anyone]
    public sealed record Query(string BaseUrl) : IQuery<MetadataView>;

    public sealed record MetadataView(
        [property: JsonPropertyName("issuer")] string Issuer,
        [property: JsonPropertyName("token_endpoint")] string TokenEndpoint,
        [property: JsonPropertyName("jwks_uri")] string JwksUri,
        [property: JsonPropertyName("revocation_endpoint")] string RevocationEndpoint,
        [property: JsonPropertyName("introspection_endpoint")] string IntrospectionEndpoint,
        [property: JsonPropertyName("grant_types_supported")] IReadOnlyList<string> GrantTypes,
        [property: JsonPropertyName("response_types_supported")] IReadOnlyList<string> ResponseTypes,
        [property: JsonPropertyName("subject_types_supported")] IReadOnlyList<string> SubjectTypes,
        [property: JsonPropertyName("scopes_supported")] IReadOnlyList<string> Scopes,
        [property: JsonPropertyName("token_endpoint_auth_methods_supported")] IReadOnlyList<string> TokenMethods,
        [property: JsonPropertyName("token_endpoint_auth_signing_alg_values_supported")] IReadOnlyList<string> TokenAlgorithms,
        [property: JsonPropertyName("revocation_endpoint_auth_methods_supported")] IReadOnlyList<string> RevocationMethods,
        [property: JsonPropertyName("revocation_endpoint_auth_signing_alg_values_supported")] IReadOnlyList<string> RevocationAlgorithms,
        [property: JsonPropertyName("introspection_endpoint_auth_methods_supported")] IReadOnlyList<string> IntrospectionMethods,
        [property: JsonPropertyName("introspection_endpoint_auth_signing_alg_values_supported")] IReadOnlyList<string> IntrospectionAlgorithms,
        [property: JsonPropertyName("id_token_signing_alg_values_supported")] IReadOnlyList<string> IdTokenAlgorithms,
        [property: JsonPropertyName("access_token_signing_alg_values_supported")] IReadOnlyList<string> AccessTokenAlgorithms);

    internal sealed class Handler(TokenSettings settings, PermissionCatalog permissions) : IQueryHandler<Query, MetadataView>
    {
        // "none" is for the refresh tokens of log-ins, which belong to no client.
        private static readonly IReadOnlyList<string> AlsoWithout = [.. ClientProof.Methods, "none"];
        private static readonly IReadOnlyList<string> Ours = [SecurityAlgorithms.EcdsaSha256];

        public Task<Result<MetadataView>> Handle(Query query, CancellationToken cancellationToken)
        {
            var at = settings.PublicUrl ?? query.BaseUrl;
            return Task.FromResult<Result<MetadataView>>(new MetadataView(
                settings.Issuer, at + TokenPath, at + "/.well-known/jwks.json", at + RevocationPath, at + IntrospectionPath,
                ["client_credentials", "refresh_token"], [], ["public"], [.. permissions.All.Keys.Order(StringComparer.Ordinal)],
                AlsoWithout, ClientProof.Algorithms, AlsoWithout, ClientProof.Algorithms, ClientProof.Methods, ClientProof.Algorithms, Ours, Ours));
        }
    }

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/.well-known/openid-configuration", (HttpContext context, ISender sender, CancellationToken ct) =>
        {
            context.Response.Headers[HeaderNames.CacheControl] = GetSigningKeys.Cacheable;
            return sender.Ok(new Query($"{context.Request.Scheme}://{context.Request.Host}{context.Request.PathBase}"), ct);
        })
        .Slice<Query, MetadataView>(nameof(GetServerMetadata), "What the token endpoints are and take")
        .WithTags("Identity");
}
