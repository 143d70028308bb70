using Licensing.Identity.Users;
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

internal sealed class SessionMapping : IEntityTypeConfiguration<Session>, IEntityTypeConfiguration<RefreshToken>
{
    public void Configure(EntityTypeBuilder<Session> builder) => builder.ToTable("sessions").HasKey(x => x.Id);

    public void Configure(EntityTypeBuilder<RefreshToken> builder)
    {
        builder.ToTable("refresh_tokens").HasKey(x => x.Id);
        builder.HasOne<Session>().WithMany().HasForeignKey(x => x.SessionId);
    }
}
