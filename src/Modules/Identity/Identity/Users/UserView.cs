using System.Linq.Expressions;
using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Rights;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Users;

internal sealed record UserView(
    UserId Id, int Code, UserStatus Status, string Email, string? Username, string DisplayName, string? FirstName, string? LastName,
    string? MobilePhone, string? LandlinePhone, string? Notes, OrganizationId OrganizationId, IReadOnlyList<RoleAssignmentView> Roles,
    bool MustChangePassword, bool FederatedOnly, bool MfaEnabled, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version) : IVersioned
{
    public static Expression<Func<User, UserView>> Shape(IdentityDb db) => x => new UserView(
        x.Id, x.Code, x.Status, x.Email, x.Username, x.DisplayName, x.FirstName, x.LastName, x.MobilePhone, x.LandlinePhone, x.Notes,
        x.OrganizationId,
        db.RoleAssignments.Where(a => a.UserId == x.Id).OrderBy(a => a.Id)
            .Select(a => new RoleAssignmentView(a.Id, a.UserId, a.Role, a.OrganizationId, a.CreatedAt)).ToList(),
        x.MustChangePassword, x.FederatedOnly, x.MfaEnabled, x.CreatedAt, x.Version);

    /// <summary>As it stands after a change, with its new version.</summary>
    public static async Task<UserView> SavedAsync(IdentityDb db, UserId id, CancellationToken ct)
    {
        await db.SaveChangesAsync(ct);
        return await db.Users.AsNoTracking().Where(x => x.Id == id).Select(Shape(db)).SingleAsync(ct);
    }
}
