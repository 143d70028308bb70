using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.ApiKeys;

/// <summary>Shows one API key, without its secret.</summary>
internal static class GetApiKey
{
    [Needs(IdentityPermissions.ApiKeysRead)]
    public sealed record Query(ApiKeyId Id) : IQuery<ApiKeyView>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, ApiKeyView>
    {
        public async Task<Result<ApiKeyView>> Handle(Query query, CancellationToken cancellationToken) =>
            await db.ApiKeys.AsNoTracking().Within(principal.Scope).Where(x => x.Id == query.Id).Select(ApiKeyView.Shape)
                .SingleOrDefaultAsync(cancellationToken) is { } found
                ? found
                : ApiKeyRefusals.NotFound(query.Id.Value);
    }

    public static void Map(RouteGroupBuilder keys) => keys
        .MapGet("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Query(new ApiKeyId(id)), ct))
        .Slice<Query, ApiKeyView>(nameof(GetApiKey), "Shows an API key without its secret");
}
