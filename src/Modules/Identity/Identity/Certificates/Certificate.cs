using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Certificates;

internal readonly record struct CertificateId(Guid Value) : IId<CertificateId>;

/// <summary>A reseller's certificate, whose key signs licence updates. Only the public half is ever here.</summary>
internal sealed class Certificate : IOwned, IVersioned
{
    private Certificate()
    {
    }

    public CertificateId Id { get; private init; }
    public OrganizationId OrganizationId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public string Fingerprint { get; private init; } = "";
    public string? KeyId { get; private init; }
    public CertificateProfile Profile { get; private init; }
    public string Subject { get; private init; } = "";
    public byte[] PublicKey { get; private init; } = [];
    public string Pem { get; private init; } = "";
    public DateTimeOffset NotBefore { get; private init; }
    public DateTimeOffset NotAfter { get; private init; }
    public Guid CreatedBy { get; private init; }
    public DateTimeOffset CreatedAt { get; private init; }
    public DateTimeOffset? RevokedAt { get; private set; }
    public int Version { get; private set; }

    /// <summary>Enrols it. One that is not valid yet may wait for its day; one that is over is of no use.</summary>
    public static Result<Certificate> Enrol(
        Organization at, ReadCertificate read, CertificateProfile profile, string? keyId, Guid by, DateTimeOffset now)
    {
        if (at.Status is OrganizationStatus.Closed)
            return OrganizationRefusals.Closed;
        if (at.Kind is OrganizationKind.Tenant)
            return CertificateRefusals.NotATenants;
        if (keyId is not null && profile is not CertificateProfile.V1)
            return CertificateRefusals.KeyIdWithoutV1;
        if (read.NotAfter <= now)
            return CertificateRefusals.Expired;
        return new Certificate
        {
            Id = Kernel.Id.New<CertificateId>(now),
            OrganizationId = at.Id,
            OwnerPath = at.OwnerPath,
            Fingerprint = read.Fingerprint,
            KeyId = keyId,
            Profile = profile,
            Subject = read.Subject,
            PublicKey = read.PublicKey,
            Pem = read.Pem,
            NotBefore = read.NotBefore,
            NotAfter = read.NotAfter,
            CreatedBy = by,
            CreatedAt = now,
            Version = 1,
        };
    }

    public Result<Done> Revoke(DateTimeOffset now)
    {
        if (RevokedAt is not null)
            return CertificateRefusals.AlreadyRevoked;
        RevokedAt = now;
        return default(Done);
    }
}

internal sealed record CertificateView(
    CertificateId Id, string Fingerprint, DateTimeOffset NotBefore, DateTimeOffset NotAfter, OrganizationId OrganizationId,
    CertificateProfile Profile, string? KeyId, string Subject, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt,
    [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<Certificate, CertificateView>> Shape { get; } = x => new CertificateView(
        x.Id, x.Fingerprint, x.NotBefore, x.NotAfter, x.OrganizationId, x.Profile, x.KeyId, x.Subject, x.CreatedAt, x.RevokedAt, x.Version);

    public static CertificateView Of(Certificate x) => new(
        x.Id, x.Fingerprint, x.NotBefore, x.NotAfter, x.OrganizationId, x.Profile, x.KeyId, x.Subject, x.CreatedAt, x.RevokedAt, x.Version);
}

internal sealed class CertificateMapping : IEntityTypeConfiguration<Certificate>
{
    public void Configure(EntityTypeBuilder<Certificate> builder) => builder.ToTable("certificates").HasKey(x => x.Id);
}
