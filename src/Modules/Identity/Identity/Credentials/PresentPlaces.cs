namespace Licensing.Identity.Credentials;

internal static class PresentPlaces
{
    extension(Access access)
    {
        /// <summary>
        /// What the caller holds where things stand now: of a role that reaches back to where a transferred organisation stood, the
        /// <see cref="AccessReader"/> names the present place first.
        /// </summary>
        public IEnumerable<Grant> PresentGrants => access.Grants.DistinctBy(g => (g.Role, g.OrganizationId));
    }
}
