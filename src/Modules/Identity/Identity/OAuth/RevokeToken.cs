using System.Text.Json.Serialization;
using Licensing.Identity.ApiKeys;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Http;
using MediatR;
using ISender = Licensing.Kernel.ISender;

namespace Licensing.Identity.OAuth;

/// <summary>
/// Ends a token before its time (RFC 7009): with a refresh token its whole session. Whoever holds a log-in's token may end it, as at
/// the log-out; a client's token only that client. A token that is no good is no error.
/// </summary>
internal static class RevokeToken
{
    [Anyone]
    public sealed record Request(string? Token, ClientCredentials? Client) : IRequest<Result<Done>>
    {
        public override string ToString() => $"{Client}";
    }

    /// <summary>The form, as the reference shows it.</summary>
    public sealed record Form(
        [property: JsonPropertyName("token")] string Token,
        [property: JsonPropertyName("token_type_hint")] string? TokenTypeHint = null,
        [property: JsonPropertyName("client_id")] string? ClientId = null,
        [property: JsonPropertyName("client_secret")] string? ClientSecret = null,
        [property: JsonPropertyName("client_assertion_type")] string? ClientAssertionType = null,
        [property: JsonPropertyName("client_assertion")] string? ClientAssertion = null);

    internal sealed class Handler(ClientProof proof, AccessTokens tokens, ISender sender) : IRequestHandler<Request, Result<Done>>
    {
        public async Task<Result<Done>> Handle(Request request, CancellationToken cancellationToken)
        {
            if (request.Token is not { } token)
                return OAuthRefusals.InvalidRequest("token is missing.");
            Guid? client = null;
            if (request.Client is { } shown)
            {
                if ((await proof.ProveAsync(shown, cancellationToken)).Refused(out var refusal, out var proven))
                    return refusal;
                client = proven.Id.Value;
            }

            if (token.StartsWith(ApiKeySecret.Mark, StringComparison.Ordinal))
                return OAuthRefusals.UnsupportedTokenType;
            if (!token.Contains('.'))
                return await EndSessionAsync(token, cancellationToken);
            if (await tokens.ReadAsync(token, cancellationToken) is not { } read)
                return default(Done);
            if (read.IsOfClient && read.Subject != client)
                return client is null ? OAuthRefusals.InvalidClient : OAuthRefusals.OtherClientsToken;
            var logIn = read.IsOfClient ? null : read.SessionId;
            return await sender.Send(new RevokeAccessToken.Command(read.Id, read.Subject, logIn, read.IssuedAt, read.Until), cancellationToken);
        }

        private async Task<Result<Done>> EndSessionAsync(string token, CancellationToken ct) =>
            (await sender.Send(new Logout.Command(token), ct)).Refused(out var refusal, out _) && refusal.Kind is not RefusalKind.Invalid
                ? refusal
                : default(Done);
    }

    public static void Map(RouteGroupBuilder connect) => connect
        .MapForm(GetServerMetadata.RevocationPath, form => new Request(form["token"], form.Client))
        .WithName(nameof(RevokeToken))
        .WithSummary("Revokes a token (RFC 7009)")
        .WithMetadata(new SliceMetadata(typeof(Request), RequestPolicy.Of(typeof(Request))))
        // The standard wants a 200, and looks at no body.
        .Produces(StatusCodes.Status200OK)
        .Accepts<Form>(OAuthForm.ContentType);
}
