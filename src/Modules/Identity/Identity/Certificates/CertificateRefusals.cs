namespace Licensing.Identity.Certificates;

internal static class CertificateRefusals
{
    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "certificate_not_found", $"There is no certificate {id}.");

    public static Refusal Malformed { get; } =
        Refusal.Field("/pem", "malformed", "pem must be one certificate between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----.");

    public static Refusal PrivateKeySent { get; } = Refusal.Field(
        "/pem", "private_key",
        "pem holds a private key, which must not leave your system: it was not kept, but make a new one, and send the certificate alone.");

    public static Refusal NotRsa { get; } = Refusal.Field("/pem", "not_rsa", "pem: the certificate's key must be an RSA key.");

    public static Refusal KeySize(int bits) => Refusal.Field(
        "/pem", "key_size",
        $"pem: the RSA key has {bits} bits; it must have {ReadCertificate.LeastBits} to {ReadCertificate.MostBits}.");

    public static Refusal Expired { get; } = Refusal.Field("/pem", "expired", "pem: the certificate is no longer valid.");

    public static Refusal NotATenants { get; } =
        Refusal.Field("/organizationId", "wrong_level", "organizationId: a certificate is a reseller's; a tenant has none.");

    public static Refusal KeyIdWithoutV1 { get; } =
        Refusal.Field("/keyId", "only_v1", "keyId is for profile v1; tokens of profile v2 name the certificate's fingerprint.");

    public static Refusal KeyIdLikeFingerprint { get; } =
        Refusal.Field("/keyId", "like_fingerprint", "keyId must not look like a certificate's fingerprint.");

    public static Refusal FingerprintTaken { get; } =
        new(RefusalKind.Conflict, "certificate_enrolled", "This certificate was enrolled before; a fingerprint is enrolled once.");

    public static Refusal KeyIdTaken { get; } = new(RefusalKind.Conflict, "key_id_taken", "This keyId is taken.");

    public static Refusal TooMany { get; } = new(
        RefusalKind.Conflict, "too_many_certificates",
        $"The organization has {EnrolCertificate.MostLive} certificates that are good; revoke one first.");

    public static Refusal AlreadyRevoked { get; } = new(RefusalKind.Conflict, "already_revoked", "The certificate is revoked already.");
}
