using System.Linq.Expressions;
using Licensing.Commissions.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Schemes;

/// <summary>The schemes of the caller's own subtree: a partner sees its own, never its distributor's.</summary>
internal static class ListSchemes
{
    [Needs(CommissionsPermissions.SchemesRead)]
    public sealed record Query(Guid? OrganizationId, int? Limit, string? After) : IQuery<Page<SchemeView>>;

    private static readonly Expression<Func<CommissionScheme, SchemeView>> View = x => SchemeView.Of(x);

    internal sealed class Handler(CommissionsDb db, Principal principal) : IQueryHandler<Query, Page<SchemeView>>
    {
        public async Task<Result<Page<SchemeView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;

            var schemes = db.Schemes.AsNoTracking().Within(principal.Scope);
            if (query.OrganizationId is { } organization)
                schemes = schemes.Where(x => x.OrganizationId == new OrganizationId(organization));
            return await schemes.ToPageAsync(start, x => x.Id, View, x => x.Id.Value, cancellationToken);
        }
    }

    public static void Map(IEndpointRouteBuilder schemes) => schemes
        .MapGet("/", (Guid? organizationId, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId, limit, after), ct))
        .Slice<Query, Page<SchemeView>>(nameof(ListSchemes), "Lists commission schemes");
}
