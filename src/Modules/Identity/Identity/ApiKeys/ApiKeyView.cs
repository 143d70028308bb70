using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.ApiKeys;

internal sealed record ApiKeyView(
    ApiKeyId Id, string Prefix, string Name, string Role, IReadOnlyList<string> Scopes, OrganizationId OrganizationId, DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt, ApiKeyId? RotatedFrom,
    [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<ApiKey, ApiKeyView>> Shape { get; } = x => new ApiKeyView(
        x.Id, x.Prefix, x.Name, x.Role, x.Scopes, x.OrganizationId, x.CreatedAt, x.ExpiresAt, x.LastUsedAt, x.RevokedAt, x.RotatedFrom, x.Version);

    public static ApiKeyView Of(ApiKey x) => new(
        x.Id, x.Prefix, x.Name, x.Role, x.Scopes, x.OrganizationId, x.CreatedAt, x.ExpiresAt, x.LastUsedAt, x.RevokedAt, x.RotatedFrom, x.Version);
}
