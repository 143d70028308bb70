namespace Licensing.Identity.Contracts;

/// <summary>A statement of this system that holds without asking it again.</summary>
/// <param name="Text">A compact JWS (ES256) whose key is in <c>/.well-known/jwks.json</c> until it ends.</param>
/// <param name="ExpiresAt">Good until here.</param>
public sealed record SignedDocument(string Text, DateTimeOffset ExpiresAt);

/// <summary>Signs statements with the key that signs access tokens. Their <c>typ</c> is their own, so that none is taken for a token.</summary>
public interface IDocumentSigner
{
    /// <summary>How long a document may hold: so long a key that signs no more stays published.</summary>
    static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <param name="type">The header <c>typ</c>, such as <c>entitlements+jwt</c>.</param>
    /// <param name="subject">The claim <c>sub</c>.</param>
    /// <param name="claims">All else that it says; <c>iss</c>, <c>iat</c>, <c>nbf</c>, <c>exp</c> and <c>jti</c> are added.</param>
    /// <param name="lasts">How long it holds, at most <see cref="Longest"/>.</param>
    /// <param name="ct">Gives up.</param>
    Task<SignedDocument> SignAsync(string type, string subject, IReadOnlyDictionary<string, object> claims, TimeSpan lasts, CancellationToken ct);
}
