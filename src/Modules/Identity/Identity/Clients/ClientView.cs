using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Clients;

internal sealed record ClientView(
    ClientId Id, string Name, OrganizationId OrganizationId, string Role, IReadOnlyList<string>? Scopes, ClientAuthMethod AuthMethod,
    IReadOnlyList<SecretView> Secrets, ClientKeysView? Jwks, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt,
    DateTimeOffset? RevokedAt, [property: JsonIgnore] int Version) : IVersioned
{
    public static ClientView Of(Client x) => new(
        x.Id, x.Name, x.OrganizationId, x.Role, x.Scopes, x.AuthMethod,
        [.. x.Secrets.Select(s => new SecretView(s.Id, s.CreatedAt, s.ExpiresAt))],
        x.Keys.Count == 0 ? null : new ClientKeysView(x.Keys), x.CreatedAt, x.ExpiresAt, x.LastUsedAt, x.RevokedAt, x.Version);
}
