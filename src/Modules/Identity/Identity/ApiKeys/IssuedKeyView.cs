using Licensing.Identity.Contracts;

namespace Licensing.Identity.ApiKeys;

/// <summary>A new key, with what is shown only now.</summary>
internal sealed record IssuedKeyView(
    ApiKeyId Id, string Key, string Prefix, string Name, string Role, IReadOnlyList<string> Scopes, OrganizationId OrganizationId,
    DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, ApiKeyId? RotatedFrom)
{
    public static IssuedKeyView Of(ApiKey x, string key) => new(
        x.Id, key, x.Prefix, x.Name, x.Role, x.Scopes, x.OrganizationId, x.CreatedAt, x.ExpiresAt, x.RotatedFrom);
}
