using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Rights;

internal readonly record struct CustomRoleId(Guid Value) : IId<CustomRoleId>;

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
            return UserRefusals.OrganizationClosed;
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

internal sealed record CustomRoleView(
    CustomRoleId Id, string Name, OrganizationKind Level, OrganizationId OrganizationId, IReadOnlyList<string> Permissions, DateTimeOffset CreatedAt,
    [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<CustomRole, CustomRoleView>> Shape { get; } = x => new CustomRoleView(
        x.Id, x.Name, x.Level, x.OrganizationId, x.Permissions, x.CreatedAt, x.Version);

    public static CustomRoleView Of(CustomRole x) => new(x.Id, x.Name, x.Level, x.OrganizationId, x.Permissions, x.CreatedAt, x.Version);
}

internal sealed class CustomRoleMapping : IEntityTypeConfiguration<CustomRole>
{
    public void Configure(EntityTypeBuilder<CustomRole> builder) => builder.ToTable("custom_roles").HasKey(x => x.Id);
}

internal static class CustomRoleQueries
{
    extension(IQueryable<CustomRole> roles)
    {
        /// <summary>Those defined in the caller's subtrees, and those from above that can be held there.</summary>
        public IQueryable<CustomRole> VisibleTo(Access access)
        {
            if (access.Kind is PrincipalKind.System)
                return roles;
            var roots = Scope.Of(access.Grants.Select(g => g.Path)).Roots;
            var above = roots.SelectMany(Above).Distinct(StringComparer.Ordinal).ToArray();
            var inside = roles.Within(Scope.Of(roots)).Select(x => x.Id);
            // A level of an ancestor's role that no node of the caller's has is none of his business.
            var highest = roots.Select(LevelOf).DefaultIfEmpty(OrganizationKind.Tenant).Min();
            var levels = Enum.GetValues<OrganizationKind>().Where(k => k >= highest).ToArray();
            return roles.Where(x => inside.Contains(x.Id) || (above.Contains(x.OwnerPath) && levels.Contains(x.Level)));
        }
    }

    private static OrganizationKind LevelOf(string path) => (OrganizationKind)(path.Count(c => c == '.') - 1);

    private static IEnumerable<string> Above(string path)
    {
        for (var end = path.IndexOf('.', StringComparison.Ordinal); end >= 0 && end < path.Length - 1; end = path.IndexOf('.', end + 1))
            yield return path[..(end + 1)];
    }
}
