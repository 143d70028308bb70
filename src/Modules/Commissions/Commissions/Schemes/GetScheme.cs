using Licensing.Commissions.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Schemes;

/// <summary>One scheme.</summary>
internal static class GetScheme
{
    [Needs(CommissionsPermissions.SchemesRead)]
    public sealed record Query(SchemeId Id) : IQuery<SchemeView>;

    internal sealed class Handler(CommissionsDb db, Principal principal) : IQueryHandler<Query, SchemeView>
    {
        public async Task<Result<SchemeView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.Schemes.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == query.Id, cancellationToken) is { } scheme
                ? SchemeView.Of(scheme)
                : SchemeRefusals.NotFound(query.Id);
    }

    public static void Map(IEndpointRouteBuilder schemes) => schemes
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new SchemeId(id)), ct))
        .Slice<Query, SchemeView>(nameof(GetScheme), "Shows a commission scheme");
}
