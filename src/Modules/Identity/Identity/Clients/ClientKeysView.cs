namespace Licensing.Identity.Clients;

/// <summary>Public keys, as a JWK set.</summary>
internal sealed record ClientKeysView(IReadOnlyList<ClientKey> Keys);
