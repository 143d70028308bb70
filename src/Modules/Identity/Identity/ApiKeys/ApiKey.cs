using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.ApiKeys;

internal readonly record struct ApiKeyId(Guid Value) : IId<ApiKeyId>;

/// <summary>A credential for a machine: one role at one organisation. Only the digest of its secret is kept.</summary>
internal sealed class ApiKey : IOwned, IVersioned
{
    private ApiKey()
    {
    }

    public ApiKeyId Id { get; private init; }
    public OrganizationId OrganizationId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public string Name { get; private init; } = "";
    public string Role { get; private init; } = "";
    public string Prefix { get; private init; } = "";

    [Secret]
    public byte[] KeyHash { get; private init; } = [];

    public Guid CreatedBy { get; private init; }
    public DateTimeOffset CreatedAt { get; private init; }
    public DateTimeOffset? ExpiresAt { get; private init; }
    public DateTimeOffset? LastUsedAt { get; private init; }
    public DateTimeOffset? RevokedAt { get; private set; }
    public int Version { get; private set; }

    public static Result<(ApiKey Row, string Key)> Issue(
        Organization at, string name, string role, DateTimeOffset? expiresAt, Guid by, DateTimeOffset now)
    {
        if (at.Status is OrganizationStatus.Closed)
            return UserRefusals.OrganizationClosed;
        if (RoleRules.Fits(role, at.Kind).Refused(out var refusal, out _))
            return refusal;
        if (expiresAt <= now)
            return ApiKeyRefusals.ExpiresInThePast;
        var (key, prefix) = ApiKeySecret.New();
        return (new ApiKey
        {
            Id = Kernel.Id.New<ApiKeyId>(now),
            OrganizationId = at.Id,
            OwnerPath = at.OwnerPath,
            Name = name,
            Role = role,
            Prefix = prefix,
            KeyHash = ApiKeySecret.Digest(key),
            CreatedBy = by,
            CreatedAt = now,
            ExpiresAt = expiresAt?.ToUniversalTime(),
            Version = 1,
        }, key);
    }

    public Result<Done> Revoke(DateTimeOffset now)
    {
        if (RevokedAt is not null)
            return ApiKeyRefusals.AlreadyRevoked;
        RevokedAt = now;
        return default(Done);
    }
}

internal static class ApiKeyRefusals
{
    public static Refusal NotFound(Guid id) => new(RefusalKind.NotFound, "api_key_not_found", $"There is no API key {id}.");

    public static Refusal ExpiresInThePast { get; } = Refusal.Field("/expiresAt", "in_the_past", "expiresAt must be in the future.");

    public static Refusal AlreadyRevoked { get; } = new(RefusalKind.Conflict, "already_revoked", "The API key is revoked already.");
}

internal sealed record ApiKeyView(
    ApiKeyId Id, string Prefix, string Name, string Role, OrganizationId OrganizationId, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt,
    DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt, [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<ApiKey, ApiKeyView>> Shape { get; } = x => new ApiKeyView(
        x.Id, x.Prefix, x.Name, x.Role, x.OrganizationId, x.CreatedAt, x.ExpiresAt, x.LastUsedAt, x.RevokedAt, x.Version);
}

internal sealed class ApiKeyMapping : IEntityTypeConfiguration<ApiKey>
{
    public void Configure(EntityTypeBuilder<ApiKey> builder) => builder.ToTable("api_keys").HasKey(x => x.Id);
}
