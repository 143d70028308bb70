using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Rights;

/// <summary>
/// A set of permissions that an organisation has put together, to be held anywhere in its branch at one level. Its name stays, because
/// assignments and keys are read by it; what it allows may change, and changes for all who hold it.
/// </summary>
internal sealed class CustomRole : IOwned, IVersioned
{
    private CustomRole()
    {
    }

    public CustomRoleId Id { get; private init; }
    public OrganizationId OrganizationId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public string Name { get; private init; } = "";
    public OrganizationKind Level { get; private init; }
    public string[] Permissions { get; private set; } = [];
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    public static Result<CustomRole> Define(Organization at, string name, OrganizationKind level, IEnumerable<string> permissions, DateTimeOffset now)
    {
        if (at.Status is OrganizationStatus.Closed)
            return OrganizationRefusals.Closed;
        if (level < at.Kind)
            return RoleRefusals.LevelAbove(at.Kind);
        return new CustomRole
        {
            Id = Kernel.Id.New<CustomRoleId>(now),
            OrganizationId = at.Id,
            OwnerPath = at.OwnerPath,
            Name = name,
            Level = level,
            Permissions = Ordered(permissions),
            CreatedAt = now,
            Version = 1,
        };
    }

    public void Allow(IEnumerable<string> permissions) => Permissions = Ordered(permissions);

    private static string[] Ordered(IEnumerable<string> permissions) =>
        [.. permissions.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}

internal sealed class CustomRoleMapping : IEntityTypeConfiguration<CustomRole>
{
    public void Configure(EntityTypeBuilder<CustomRole> builder) => builder.ToTable("custom_roles").HasKey(x => x.Id);
}
