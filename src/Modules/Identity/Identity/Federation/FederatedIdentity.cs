using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Federation;

/// <summary>Who a user is at an issuer: issuer and subject are the whole identity, the e-mail address only what found the user once.</summary>
internal sealed class FederatedIdentity : IOwned, IVersioned
{
    private FederatedIdentity()
    {
    }

    public FederatedIdentity(User user, ProvenIdentity proven, DateTimeOffset now)
    {
        Id = Kernel.Id.NewGuid(now);
        UserId = user.Id;
        OwnerPath = user.OwnerPath;
        Provider = proven.Provider.Name;
        Issuer = proven.Issuer;
        Subject = proven.Subject;
        Email = user.Email;
        CreatedAt = now;
        Version = 1;
    }

    public Guid Id { get; private init; }
    public UserId UserId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public string Provider { get; private init; } = "";
    public string Issuer { get; private init; } = "";
    public string Subject { get; private init; } = "";
    public string Email { get; private init; } = "";
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private init; }
}

internal sealed class FederatedIdentityMapping : IEntityTypeConfiguration<FederatedIdentity>
{
    public void Configure(EntityTypeBuilder<FederatedIdentity> builder)
    {
        builder.ToTable("federated_identities").HasKey(x => x.Id);
        builder.HasOne<User>().WithMany().HasForeignKey(x => x.UserId);
    }
}
