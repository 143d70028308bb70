using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Sessions;

/// <summary>Good for one use; only its digest is kept.</summary>
internal sealed class RefreshToken
{
    public Guid Id { get; init; }
    public Guid SessionId { get; init; }

    [Secret]
    public byte[] TokenHash { get; init; } = [];

    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? UsedAt { get; init; }
}
