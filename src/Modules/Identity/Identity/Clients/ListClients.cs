using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Clients;

/// <summary>Lists OAuth clients, newest first.</summary>
internal static class ListClients
{
    [Needs(IdentityPermissions.ClientsRead)]
    public sealed record Query(OrganizationId? OrganizationId, int? Limit, string? After) : IQuery<Page<ClientView>>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, Page<ClientView>>
    {
        public async Task<Result<Page<ClientView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var rows = db.Clients.AsNoTracking().Within(principal.Scope);
            if (query.OrganizationId is { } organization)
                rows = rows.Where(x => x.OrganizationId == organization);
            return await rows.ToPageAsync(start, x => x.Id, x => ClientView.Of(x), x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder clients) => clients
        .MapGet("/", (Guid? organizationId, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId is { } id ? new OrganizationId(id) : null, limit, after), ct))
        .Slice<Query, Page<ClientView>>(nameof(ListClients), "Lists OAuth clients, newest first");
}
