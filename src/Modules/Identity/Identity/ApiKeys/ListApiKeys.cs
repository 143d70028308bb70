using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.ApiKeys;

/// <summary>Lists API keys by their public parts, newest first.</summary>
internal static class ListApiKeys
{
    [Needs(IdentityPermissions.ApiKeysRead)]
    public sealed record Query(OrganizationId? OrganizationId, string? Prefix, int? Limit, string? After) : IQuery<Page<ApiKeyView>>;

    internal sealed class Handler(IdentityDb db, Principal principal) : IQueryHandler<Query, Page<ApiKeyView>>
    {
        public async Task<Result<Page<ApiKeyView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var rows = db.ApiKeys.AsNoTracking().Within(principal.Scope);
            if (query.OrganizationId is { } organization)
                rows = rows.Where(x => x.OrganizationId == organization);
            if (query.Prefix is { } prefix)
                rows = rows.Where(x => x.Prefix == prefix);
            return await rows.ToPageAsync(start, x => x.Id, ApiKeyView.Shape, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder keys) => keys
        .MapGet("/", (Guid? organizationId, string? prefix, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId is { } id ? new OrganizationId(id) : null, prefix, limit, after), ct))
        .Slice<Query, Page<ApiKeyView>>(nameof(ListApiKeys), "Lists API keys by prefix, newest first");
}
