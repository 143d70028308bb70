using Licensing.Identity.Users;

namespace Licensing.Identity.Sessions;

/// <summary>A refresh token with the session that it goes on with, both held until the transaction ends.</summary>
internal sealed record HeldRefreshToken(
    Guid Id, DateTimeOffset ExpiresAt, DateTimeOffset? UsedAt, byte[]? UsedWith, byte[]? SealedAnswer, Guid Session, UserId User,
    DateTimeOffset SessionCreatedAt, SignIn How)
{
    public bool IsUsed => UsedAt is not null;
}
