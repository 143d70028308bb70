namespace Licensing.Identity.OAuth;

/// <summary>The error codes of RFC 6749 §5.2 and RFC 7009; the door writes them as they are.</summary>
internal static class OAuthRefusals
{
    // One answer for whatever is wrong with a client, so that nothing is learned by trying.
    public static Refusal InvalidClient { get; } =
        new(RefusalKind.Unauthenticated, "invalid_client", "The client is unknown, revoked or expired, or its proof does not hold.");

    public static Refusal InvalidGrant { get; } =
        new(RefusalKind.Malformed, "invalid_grant", "The refresh token is unknown, used, revoked or expired.");

    public static Refusal UnsupportedGrantType { get; } =
        new(RefusalKind.Malformed, "unsupported_grant_type", "grant_type must be client_credentials or refresh_token.");

    public static Refusal OtherClientsToken { get; } =
        new(RefusalKind.Malformed, "unauthorized_client", "The token was issued to another client.");

    public static Refusal UnsupportedTokenType { get; } =
        new(RefusalKind.Malformed, "unsupported_token_type", "An API key is revoked with DELETE /api/v1/api-keys/{id}.");

    public static Refusal InvalidScope(string message) => new(RefusalKind.Malformed, "invalid_scope", message);

    public static Refusal InvalidRequest(string message) => new(RefusalKind.Malformed, "invalid_request", message);
}
