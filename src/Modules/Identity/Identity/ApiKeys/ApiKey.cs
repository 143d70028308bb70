using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.ApiKeys;

/// <summary>A credential for a machine: one role at one organisation, or some of its permissions. Only the digest of its secret is kept.</summary>
internal sealed class ApiKey : IOwned, IVersioned
{
    private ApiKey()
    {
    }

    public ApiKeyId Id { get; private init; }
    public OrganizationId OrganizationId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public string Name { get; private set; } = "";
    public string Role { get; private init; } = "";

    /// <summary>Null where the role is a predefined one.</summary>
    public CustomRoleId? CustomRoleId { get; private init; }

    /// <summary>What of the role is meant; empty is all of it, also what it may come to allow.</summary>
    public string[] Scopes { get; private set; } = [];

    public string Prefix { get; private init; } = "";

    [Secret]
    public byte[] KeyHash { get; private init; } = [];

    public Guid CreatedBy { get; private init; }

    /// <summary>Who knows it (<see cref="Maker.KnownTo"/>): a transfer asks whether they stay with the tenant. Empty where nobody can say.</summary>
    [Secret]
    public Guid[] KnownTo { get; private init; } = [];

    public DateTimeOffset CreatedAt { get; private init; }
    public DateTimeOffset? ExpiresAt { get; private set; }
    public DateTimeOffset? LastUsedAt { get; private init; }
    public DateTimeOffset? RevokedAt { get; private set; }

    /// <summary>The key that this one takes over from.</summary>
    public ApiKeyId? RotatedFrom { get; private init; }

    public int Version { get; private set; }

    public static Result<(ApiKey Row, string Key)> Issue(
        Organization at, string name, UsableRole role, IEnumerable<string> scopes, DateTimeOffset? expiresAt, Maker by, DateTimeOffset now)
    {
        if (at.Status is OrganizationStatus.Closed)
            return OrganizationRefusals.Closed;
        if (expiresAt <= now)
            return ApiKeyRefusals.ExpiresInThePast;
        var (key, prefix) = ApiKeySecret.New();
        return (new ApiKey
        {
            Id = Kernel.Id.New<ApiKeyId>(now),
            OrganizationId = at.Id,
            OwnerPath = at.OwnerPath,
            Name = name,
            Role = role.Name,
            CustomRoleId = role.CustomId,
            Scopes = Ordered(scopes),
            Prefix = prefix,
            KeyHash = ApiKeySecret.Digest(key),
            CreatedBy = by.Id,
            KnownTo = by.KnownTo,
            CreatedAt = now,
            ExpiresAt = expiresAt?.ToUniversalTime(),
            Version = 1,
        }, key);
    }

    /// <summary>
    /// Its successor, with the same rights and a secret of its own; this one ends when the overlap does. A key that was to live for some
    /// time has a successor that lives as long.
    /// </summary>
    public Result<(ApiKey Row, string Key)> Rotate(TimeSpan overlap, Maker by, DateTimeOffset now)
    {
        if (RefusalNow(now) is { } refusal)
            return refusal;
        var (key, prefix) = ApiKeySecret.New();
        var next = new ApiKey
        {
            Id = Kernel.Id.New<ApiKeyId>(now),
            OrganizationId = OrganizationId,
            OwnerPath = OwnerPath,
            Name = Name,
            Role = Role,
            CustomRoleId = CustomRoleId,
            Scopes = Scopes,
            Prefix = prefix,
            KeyHash = ApiKeySecret.Digest(key),
            CreatedBy = by.Id,
            KnownTo = by.KnownTo,
            CreatedAt = now,
            ExpiresAt = ExpiresAt is { } end ? EndAfter(end - CreatedAt, now) ?? end : null,
            RotatedFrom = Id,
            Version = 1,
        };
        ExpiresAt = ExpiresAt < now + overlap ? ExpiresAt : now + overlap;
        return (next, key);
    }

    public Result<Done> Change(string name, IEnumerable<string> scopes, DateTimeOffset? expiresAt, DateTimeOffset now)
    {
        if (RefusalNow(now) is { } refusal)
            return refusal;
        if (expiresAt <= now)
            return ApiKeyRefusals.ExpiresInThePast;
        (Name, Scopes, ExpiresAt) = (name, Ordered(scopes), expiresAt?.ToUniversalTime());
        return default(Done);
    }

    // Null where the calendar ends before.
    private static DateTimeOffset? EndAfter(TimeSpan life, DateTimeOffset now) => life < DateTimeOffset.MaxValue - now ? now + life : null;

    // What has ended stays so: whoever kept the secret of an old key must not find it good again.
    private Refusal? RefusalNow(DateTimeOffset now) =>
        RevokedAt is not null ? ApiKeyRefusals.AlreadyRevoked : ExpiresAt <= now ? ApiKeyRefusals.Expired : null;

    private static string[] Ordered(IEnumerable<string> scopes) => [.. scopes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    public Result<Done> Revoke(DateTimeOffset now)
    {
        if (RevokedAt is not null)
            return ApiKeyRefusals.AlreadyRevoked;
        RevokedAt = now;
        return default(Done);
    }
}

internal sealed class ApiKeyMapping : IEntityTypeConfiguration<ApiKey>
{
    public void Configure(EntityTypeBuilder<ApiKey> builder) => builder.ToTable("api_keys").HasKey(x => x.Id);
}
