using System.Text.Json.Serialization;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using MediatR;
using ISender = Licensing.Kernel.ISender;

namespace Licensing.Identity.OAuth;

/// <summary>
/// The token endpoint (RFC 6749): a client's own token, or the next pair of a log-in's. The refresh tokens here belong to log-ins and
/// to no client, so a client need not show itself with one; if it does, what it shows must hold.
/// </summary>
internal static class IssueToken
{
    [Anyone]
    public sealed record Request(string? GrantType, ClientCredentials? Client, string? RefreshToken, string? Scope) : IRequest<Result<TokenView>>
    {
        public override string ToString() => $"{GrantType} {Client}";
    }

    public sealed record TokenView(
        [property: JsonPropertyName("access_token")] string AccessToken,
        [property: JsonPropertyName("token_type")] string TokenType,
        [property: JsonPropertyName("expires_in")] int ExpiresIn,
        [property: JsonPropertyName("refresh_token"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RefreshToken,
        [property: JsonPropertyName("scope"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Scope);

    /// <summary>The form, as the reference shows it.</summary>
    public sealed record Form(
        [property: JsonPropertyName("grant_type")] string GrantType,
        [property: JsonPropertyName("scope")] string? Scope = null,
        [property: JsonPropertyName("refresh_token")] string? RefreshToken = null,
        [property: JsonPropertyName("client_id")] string? ClientId = null,
        [property: JsonPropertyName("client_secret")] string? ClientSecret = null,
        [property: JsonPropertyName("client_assertion_type")] string? ClientAssertionType = null,
        [property: JsonPropertyName("client_assertion")] string? ClientAssertion = null);

    internal sealed class Handler(ClientProof proof, PermissionCatalog permissions, ISender sender) : IRequestHandler<Request, Result<TokenView>>
    {
        public async Task<Result<TokenView>> Handle(Request request, CancellationToken cancellationToken)
        {
            if (request.GrantType is null)
                return OAuthRefusals.InvalidRequest("grant_type is missing.");
            if (request.GrantType is not ("client_credentials" or "refresh_token"))
                return OAuthRefusals.UnsupportedGrantType;
            if (ScopeText.Read(request.Scope, permissions).Refused(out var refusal, out var scope))
                return refusal;

            if (request.GrantType == "refresh_token")
                return await RefreshAsync(request, scope.Names, cancellationToken);
            return request.Client is not { } shown ? OAuthRefusals.InvalidClient
                : (await proof.ProveAsync(shown, cancellationToken)).Refused(out refusal, out var client) ? refusal
                : await sender.Send(new IssueClientToken.Command(client, scope.Names), cancellationToken);
        }

        private async Task<Result<TokenView>> RefreshAsync(Request request, IReadOnlyList<string>? scope, CancellationToken ct)
        {
            if (request.RefreshToken is not { } token)
                return OAuthRefusals.InvalidRequest("refresh_token is missing.");
            if (request.Client is { } shown && (await proof.ProveAsync(shown, ct)).Refused(out var refusal, out _))
                return refusal;
            if ((await sender.Send(new RefreshSession.Attempt(token, null, scope), ct)).Refused(out refusal, out var session))
                return refusal.Kind is RefusalKind.Unauthenticated or RefusalKind.Invalid ? OAuthRefusals.InvalidGrant : refusal;
            return new TokenView(
                session.AccessToken, session.TokenType, session.ExpiresIn, session.RefreshToken, scope is null ? null : string.Join(' ', scope));
        }
    }

    public static void Map(RouteGroupBuilder connect) => connect
        .MapForm(GetServerMetadata.TokenPath, form => new Request(form["grant_type"], form.Client, form["refresh_token"], form["scope"]))
        .Slice<Request, TokenView>(nameof(IssueToken), "Issues access tokens (OAuth 2.0)")
        .Accepts<Form>(OAuthForm.ContentType)
        .WithMetadata(new CarriesSecret());
}

/// <summary>A scope parameter: permissions, separated by spaces.</summary>
internal sealed record ScopeText(IReadOnlyList<string>? Names)
{
    // A token that names them must still fit into a header.
    private const int Longest = 1500;

    public static Result<ScopeText> Read(string? text, PermissionCatalog permissions)
    {
        if (text is null)
            return new ScopeText((IReadOnlyList<string>?)null);
        if (text.Length > Longest)
            return OAuthRefusals.InvalidScope($"scope has at most {Longest} characters; leave it out for everything.");
        var names = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal).ToList();
        return names.Count == 0 || names.Exists(n => !permissions.All.ContainsKey(n))
            ? OAuthRefusals.InvalidScope("scope names a permission that there is not.")
            : new ScopeText(names);
    }
}
