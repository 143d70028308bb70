using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Rights;

/// <summary>A role that an organisation holds: each of its own users has it there, beside what he was given himself.</summary>
internal sealed class AccountRole : IOwned, IVersioned
{
    private AccountRole()
    {
    }

    public Guid Id { get; private init; }
    public OrganizationId OrganizationId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public string Role { get; private init; } = "";

    /// <summary>Null where the role is a predefined one.</summary>
    public CustomRoleId? CustomRoleId { get; private init; }

    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private init; }

    public static AccountRole Give(UsableRole role, Organization to, DateTimeOffset now) => new()
    {
        Id = Kernel.Id.NewGuid(now),
        OrganizationId = to.Id,
        OwnerPath = to.OwnerPath,
        Role = role.Name,
        CustomRoleId = role.CustomId,
        CreatedAt = now,
        Version = 1,
    };
}

internal sealed class AccountRoleMapping : IEntityTypeConfiguration<AccountRole>
{
    public void Configure(EntityTypeBuilder<AccountRole> builder) => builder.ToTable("account_roles").HasKey(x => x.Id);
}
