using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Ops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

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

    private const int MostListed = 10_000;

    public static OpsCommand Ops { get; } = new(
        "users list", "Users, the newest first.",
        [
            new("--organization", "Only those of one organization, by its id."), new("--email", "Only the one with this address."),
            OpsArgument.Limit(MostListed),
        ],
        ListAsync);

    private sealed record Row(
        UserId Id, string Email, string DisplayName, OrganizationId OrganizationId, UserStatus Status, bool MfaEnabled, string Roles);

    private static async Task<Result<OpsAnswer>> ListAsync(OpsCall call, CancellationToken ct)
    {
        if (call.Limit(MostListed).Refused(out var refusal, out var limit)
            || call.Id("--organization", "an organization's id").Refused(out refusal, out var organization))
            return refusal;

        var (rows, sender, after) = (new List<Row>(), call.Services.GetRequiredService<ISender>(), (string?)null);
        do
        {
            var query = new Query(
                organization.As<OrganizationId>(), call["--email"], Math.Min(limit - rows.Count, PageStart.MostItems), after);
            if ((await sender.Send(query, ct)).Refused(out refusal, out var page))
                return refusal;
            rows.AddRange(page.Items.Select(x => new Row(
                x.Id, x.Email, x.DisplayName, x.OrganizationId, x.Status, x.MfaEnabled, string.Join(' ', x.Roles.Select(r => r.Role)))));
            after = page.Next;
        }
        while (after is not null && rows.Count < limit);
        return new OpsAnswer(rows);
    }

    public static void Map(RouteGroupBuilder users) => users
        .MapGet("/", (Guid? organizationId, string? email, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId is { } id ? new OrganizationId(id) : null, email, limit, after), ct))
        .Slice<Query, Page<UserView>>(nameof(ListUsers), "Lists users, newest first");
}
