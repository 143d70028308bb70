using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Users;

internal readonly record struct UserId(Guid Value) : IId<UserId>;

/// <summary>A person of one organisation; what he may do are his role assignments.</summary>
internal sealed class User : IOwned, IVersioned
{
    private User()
    {
    }

    public User(Organization organization, string email, string displayName, string passwordHash, bool mustChangePassword, DateTimeOffset now)
    {
        Id = Kernel.Id.New<UserId>(now);
        OrganizationId = organization.Id;
        OwnerPath = organization.OwnerPath;
        Email = email.ToLowerInvariant();
        DisplayName = displayName;
        PasswordHash = passwordHash;
        MustChangePassword = mustChangePassword;
        CredentialsChangedAt = CreatedAt = now;
        Version = 1;
    }

    public UserId Id { get; private init; }
    public OrganizationId OrganizationId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public string Email { get; private init; } = "";
    public string DisplayName { get; private init; } = "";

    [Secret]
    public string PasswordHash { get; private set; } = "";

    public bool MustChangePassword { get; private set; }

    /// <summary>Access tokens from before are worth nothing.</summary>
    public DateTimeOffset CredentialsChangedAt { get; private set; }

    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    /// <summary>Someone else chose the new one, so it is good for its change only.</summary>
    public void ResetPassword(string hash, DateTimeOffset now) =>
        (PasswordHash, MustChangePassword, CredentialsChangedAt) = (hash, true, now);

    /// <summary>For when one of his ways in is taken from him: whatever came through it ends.</summary>
    public void EndAccessTokens(DateTimeOffset now) => CredentialsChangedAt = now;

    public void ChangePassword(string hash, DateTimeOffset now) =>
        (PasswordHash, MustChangePassword, CredentialsChangedAt) = (hash, false, now);
}

internal sealed class UserMapping : IEntityTypeConfiguration<User>
{
    public void Configure(EntityTypeBuilder<User> builder) => builder.ToTable("users").HasKey(x => x.Id);
}

internal static class UserQueries
{
    extension(IQueryable<User> users)
    {
        /// <summary>Nobody enters through an organisation that is closed.</summary>
        public IQueryable<User> WhereMayEnter(IdentityDb db) =>
            users.Where(u => db.Organizations.Any(o => o.Id == u.OrganizationId && o.Status != OrganizationStatus.Closed));
    }
}
