using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Rights;

internal sealed record CustomRoleView(
    CustomRoleId Id, string Name, OrganizationKind Level, OrganizationId OrganizationId, IReadOnlyList<string> Permissions, DateTimeOffset CreatedAt,
    [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<CustomRole, CustomRoleView>> Shape { get; } = x => new CustomRoleView(
        x.Id, x.Name, x.Level, x.OrganizationId, x.Permissions, x.CreatedAt, x.Version);

    public static CustomRoleView Of(CustomRole x) => new(x.Id, x.Name, x.Level, x.OrganizationId, x.Permissions, x.CreatedAt, x.Version);
}
