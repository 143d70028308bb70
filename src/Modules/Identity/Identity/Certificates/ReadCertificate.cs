using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Licensing.Identity.Certificates;

/// <summary>What is read out of a PEM text that someone sent.</summary>
internal sealed record ReadCertificate(
    string Fingerprint, string Subject, byte[] PublicKey, string Pem, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    public const int LeastBits = 2048;

    /// <summary>Larger keys make every signature check dear, and the sender of a request chooses the certificate.</summary>
    public const int MostBits = 8192;
    private const int LongestSubject = 500;

    public static Result<ReadCertificate> Of(string pem)
    {
        if (pem.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            return CertificateRefusals.PrivateKeySent;
        try
        {
            if (!PemEncoding.TryFind(pem, out var fields) || pem[fields.Label] != "CERTIFICATE"
                || PemEncoding.TryFind(pem.AsSpan(fields.Location.End.Value), out _))
                return CertificateRefusals.Malformed;
            using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(pem[fields.Base64Data]));
            using var rsa = certificate.GetRSAPublicKey();
            if (rsa is null)
                return CertificateRefusals.NotRsa;
            if (rsa.KeySize is < LeastBits or > MostBits)
                return CertificateRefusals.KeySize(rsa.KeySize);
            return new ReadCertificate(
                Convert.ToHexStringLower(certificate.GetCertHash()),
                certificate.Subject.Length > LongestSubject ? certificate.Subject[..LongestSubject] : certificate.Subject,
                rsa.ExportSubjectPublicKeyInfo(), certificate.ExportCertificatePem(),
                new DateTimeOffset(certificate.NotBefore.ToUniversalTime()), new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));
        }
        catch (Exception broken) when (broken is CryptographicException or FormatException)
        {
            return CertificateRefusals.Malformed;
        }
    }
}
