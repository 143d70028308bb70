using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Rights;

/// <summary>A role that a user holds at one organisation.</summary>
internal sealed class RoleAssignment : IOwned, IVersioned
{
    private RoleAssignment()
    {
    }

    public Guid Id { get; private init; }
    public UserId UserId { get; private init; }
    public string Role { get; private init; } = "";

    /// <summary>Null where the role is a predefined one.</summary>
    public CustomRoleId? CustomRoleId { get; private init; }

    public OrganizationId OrganizationId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private init; }

    /// <summary>Gives a role that the <see cref="RoleBook"/> has let through; a user's roles stay inside his organisation's branch.</summary>
    public static Result<RoleAssignment> Give(User user, UsableRole role, Organization at, DateTimeOffset now)
    {
        if (!at.OwnerPath.StartsWith(user.OwnerPath, StringComparison.Ordinal))
            return UserRefusals.OutsideHisBranch;
        return new RoleAssignment
        {
            Id = Kernel.Id.NewGuid(now),
            UserId = user.Id,
            Role = role.Name,
            CustomRoleId = role.CustomId,
            OrganizationId = at.Id,
            OwnerPath = at.OwnerPath,
            CreatedAt = now,
            Version = 1,
        };
    }
}

internal sealed class RoleAssignmentMapping : IEntityTypeConfiguration<RoleAssignment>
{
    public void Configure(EntityTypeBuilder<RoleAssignment> builder)
    {
        builder.ToTable("role_assignments").HasKey(x => x.Id);
        builder.HasOne<User>().WithMany().HasForeignKey(x => x.UserId);
    }
}
