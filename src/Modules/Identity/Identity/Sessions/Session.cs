using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Sessions;

/// <summary>By what a session was opened.</summary>
internal enum SessionWay
{
    /// <summary>From before it was kept; such a session is not gone on with.</summary>
    Unknown,
    Password,
    /// <summary>Another issuer's ID token.</summary>
    Provider,
    LoginLink,
}

/// <summary>One log-in and the family of refresh tokens that came from it.</summary>
internal sealed class Session : IOwned
{
    public Guid Id { get; init; }
    public Guid UserId { get; init; }
    public string OwnerPath { get; init; } = "";
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? RevokedAt { get; set; }

    public SessionWay Way { get; init; }

    /// <summary>The provider's name, where one was the way.</summary>
    public string? Provider { get; init; }

    /// <summary>Who made the login link, where one was the way.</summary>
    public Guid? LinkMaker { get; init; }

    /// <summary>And the token that it was made with (<see cref="LoginLinks.LoginLink.MadeWith"/>).</summary>
    public Guid? LinkMadeWith { get; init; }

    /// <summary>From where it was opened.</summary>
    public string? Address { get; init; }

    /// <summary>Whether a second factor was part of the log-in, or has been shown since.</summary>
    public bool SecondFactor { get; private set; }

    /// <summary>For when its owner has just set one up in it.</summary>
    public void ShowedSecondFactor() => SecondFactor = true;

    public static Session Open(User user, SignIn how, string address, DateTimeOffset now) => new()
    {
        Id = Kernel.Id.NewGuid(now),
        UserId = user.Id.Value,
        OwnerPath = user.OwnerPath,
        CreatedAt = now,
        Way = how.Way,
        Provider = how.Provider,
        LinkMaker = how.LinkMaker,
        LinkMadeWith = how.LinkMadeWith,
        Address = address,
        SecondFactor = how.SecondFactor,
    };
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
