using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Users;

/// <summary>Lists users, newest first.</summary>
internal static class ListUsers
{
    [Needs(IdentityPermissions.UsersRead)]
    public sealed record Query(OrganizationId? OrganizationId, string? Email, int? Limit, string? After) : IQuery<Page<UserView>>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, Page<UserView>>
    {
        public async Task<Result<Page<UserView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var rows = db.Users.AsNoTracking().Within(principal.Scope);
            if (query.OrganizationId is { } organization)
                rows = rows.Where(x => x.OrganizationId == organization);
            if (query.Email?.ToLowerInvariant() is { } email)
                rows = rows.Where(x => x.Email == email);
            return await rows.ToPageAsync(start, x => x.Id, UserView.Shape(db), x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapGet("/", (Guid? organizationId, string? email, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId is { } id ? new OrganizationId(id) : null, email, limit, after), ct))
        .Slice<Query, Page<UserView>>(nameof(ListUsers), "Lists users, newest first");
}
