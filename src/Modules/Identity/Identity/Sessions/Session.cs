using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Sessions;

/// <summary>One log-in and the family of refresh tokens that came from it.</summary>
internal sealed class Session : IOwned
{
    public Guid Id { get; init; }
    public Guid UserId { get; init; }
    public string OwnerPath { get; init; } = "";
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>Whether a second factor was part of the log-in.</summary>
    public bool SecondFactor { get; init; }
}

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

internal sealed class SessionMapping : IEntityTypeConfiguration<Session>, IEntityTypeConfiguration<RefreshToken>
{
    public void Configure(EntityTypeBuilder<Session> builder) => builder.ToTable("sessions").HasKey(x => x.Id);

    public void Configure(EntityTypeBuilder<RefreshToken> builder)
    {
        builder.ToTable("refresh_tokens").HasKey(x => x.Id);
        builder.HasOne<Session>().WithMany().HasForeignKey(x => x.SessionId);
    }
}
