using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Clients;

/// <summary>Shows one OAuth client, without its secrets.</summary>
internal static class GetClient
{
    [Needs(IdentityPermissions.ClientsRead)]
    public sealed record Query(ClientId Id) : IQuery<ClientView>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, ClientView>
    {
        public async Task<Result<ClientView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Clients.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is { } found
                ? ClientView.Of(found)
                : ClientRefusals.NotFound(query.Id.Value);
    }

    public static void Map(RouteGroupBuilder clients) => clients
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new ClientId(id)), ct))
        .Slice<Query, ClientView>(nameof(GetClient), "Shows an OAuth client without its secrets");
}
