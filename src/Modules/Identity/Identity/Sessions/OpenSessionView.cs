namespace Licensing.Identity.Sessions;

/// <param name="Id">By which it is ended.</param>
/// <param name="OpenedBy">By what.</param>
/// <param name="Provider">Of a federated log-in, the provider's name.</param>
/// <param name="SecondFactor">Whether one has been shown in it.</param>
/// <param name="Address">The network address that it was opened from.</param>
/// <param name="CreatedAt">When it was opened.</param>
/// <param name="LastUsedAt">When it last got tokens.</param>
/// <param name="ExpiresAt">When it ends if it is not used.</param>
/// <param name="Current">Whether the caller is asking in it.</param>
internal sealed record OpenSessionView(
    Guid Id, SessionWay OpenedBy, string? Provider, bool SecondFactor, string? Address, DateTimeOffset CreatedAt, DateTimeOffset LastUsedAt,
    DateTimeOffset ExpiresAt, bool Current);
