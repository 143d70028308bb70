using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;

namespace Licensing.Identity.Rights;

internal static class CustomRoleQueries
{
    extension(IQueryable<CustomRole> roles)
    {
        /// <summary>Those defined in the caller's subtrees, and those from above that can be held there.</summary>
        public IQueryable<CustomRole> VisibleTo(Access access)
        {
            if (access.Kind is PrincipalKind.System)
                return roles;
            // Roles are what is, not what was: where a transferred organisation stood before, none is its people's any more.
            var roots = Scope.Of(access.PresentGrants.Select(g => g.Path)).Roots;
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
