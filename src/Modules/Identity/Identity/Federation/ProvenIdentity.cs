namespace Licensing.Identity.Federation;

/// <summary>Whom an issuer vouched for, once: <paramref name="UseDigest"/> is remembered until nobody would accept the token any more.</summary>
/// <param name="Provider">Through which it came.</param>
/// <param name="Issuer">With the subject, who it is.</param>
/// <param name="Subject">The issuer's own id of him.</param>
/// <param name="VerifiedEmail">Lower case; null where it must not find anyone.</param>
/// <param name="Strong">Whether the issuer's own second factor counts here.</param>
/// <param name="UseDigest">Of the nonce, or of the token where it has none.</param>
/// <param name="UseEndsAt">When it may be forgotten.</param>
internal sealed record ProvenIdentity(
    IdentityProvider Provider, string Issuer, string Subject, string? VerifiedEmail, bool Strong, byte[] UseDigest, DateTimeOffset UseEndsAt)
{
    public override string ToString() => $"{Provider.Name}";
}
