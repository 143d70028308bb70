namespace Licensing.Identity.Contracts;

/// <summary>Which generation of signed licence updates a certificate's key signs.</summary>
public enum CertificateProfile
{
    /// <summary>The first: few claims, an opaque key id, bodies keyed by serial.</summary>
    V1,
    /// <summary>The present one: all claims, the fingerprint as key id.</summary>
    V2,
}

/// <summary>A certificate as it is registered, also when it is no longer or not yet good.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Fingerprint">Lower-case hex SHA-1 of its DER.</param>
/// <param name="KeyId">The opaque key id of a V1 certificate, where one was given.</param>
/// <param name="Profile">What its key may sign.</param>
/// <param name="OrganizationId">Whose it is.</param>
/// <param name="Path">Where that organisation stands.</param>
/// <param name="OrganizationActive">False while it or one above it is suspended or closed.</param>
/// <param name="PublicKey">An RSA key of at least 2048 bits, as SubjectPublicKeyInfo (DER).</param>
/// <param name="NotBefore">Good from here on.</param>
/// <param name="NotAfter">Good until here.</param>
/// <param name="RevokedAt">When it was revoked, if it was.</param>
public sealed record RegisteredCertificate(
    Guid Id, string Fingerprint, string? KeyId, CertificateProfile Profile, OrganizationId OrganizationId, string Path, bool OrganizationActive,
    ReadOnlyMemory<byte> PublicKey, DateTimeOffset NotBefore, DateTimeOffset NotAfter, DateTimeOffset? RevokedAt)
{
    /// <summary>Whether a signature made with its key may be believed at <paramref name="now"/>.</summary>
    public bool IsGoodAt(DateTimeOffset now) => RevokedAt is null && NotBefore <= now && now < NotAfter;
}

/// <summary>Whoever signs licence updates.</summary>
/// <param name="Certificate">What he signs with.</param>
/// <param name="Licensing">What is set for licensing where he stands, the tokens' issuer and audience among it.</param>
public sealed record LicenseSigner(RegisteredCertificate Certificate, LicensingSettings Licensing);

/// <summary>Finds who is behind a token's <c>kid</c>. Another process learns of a change within 5 seconds, as for every credential.</summary>
public interface ICertificateRegistry
{
    /// <summary>What is remembered, so that asking costs nothing; null also when it would have to be looked up.</summary>
    LicenseSigner? Known(string kid);

    /// <summary>
    /// By fingerprint (lower-case hex, or upper-case with colons) or by the opaque key id of a V1 certificate; null when none has it.
    /// </summary>
    ValueTask<LicenseSigner?> FindAsync(string kid, CancellationToken ct);
}
