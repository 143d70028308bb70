using Licensing.Identity.Rights;

namespace Licensing.Identity.Clients;

/// <summary>What a client shall be.</summary>
internal sealed record NewClient(
    string Name, UsableRole Role, string[]? Scopes, ClientAuthMethod AuthMethod, IReadOnlyList<ClientKey> Keys, DateTimeOffset? ExpiresAt);
