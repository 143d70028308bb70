namespace Licensing.Identity.Clients;

/// <summary>A client that may act now, as read outside any transaction.</summary>
internal sealed record KnownClient(
    ClientId Id, string Name, Guid OrganizationId, string Path, string Role, string[]? Custom, string[]? Scopes, ClientAuthMethod AuthMethod,
    IReadOnlyList<ClientSecret> Secrets, IReadOnlyList<ClientKey> Keys, int Epoch, DateTimeOffset ExpiresAt, DateTimeOffset LastUsedAt,
    bool IsSuspended)
{
    /// <summary>Who else may be asking in its name.</summary>
    public required IReadOnlyList<Guid> MayAlsoBe { get; init; }

    /// <summary>When what proved it ends: a secret that is in its overlap does, and what was got with it is over by then.</summary>
    public DateTimeOffset ProvenUntil { get; init; } = DateTimeOffset.MaxValue;

    // Its secrets' digests are of no use in a log.
    public override string ToString() => $"{Id}";
}
