using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Coupons;

/// <summary>The credits of the tenants of the caller's branch, with what is left of each.</summary>
internal static class ListCredits
{
    [Needs(BillingPermissions.CreditsRead)]
    public sealed record Query(Guid? TenantId, int? Limit, string? After) : IQuery<Page<GrantedCreditView>>;

    internal sealed class Handler(BillingDb db, Principal principal) : IQueryHandler<Query, Page<GrantedCreditView>>
    {
        public async Task<Result<Page<GrantedCreditView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var credits = db.Credits.AsNoTracking().Within(principal.Scope);
            if (query.TenantId is { } tenant)
                credits = credits.Where(x => x.TenantId == new OrganizationId(tenant));
            return await credits.ToPageAsync(start, x => x.Id, GrantedCreditView.Projection, x => x.Id, cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder credits) => credits
        .MapGet("/", (Guid? tenantId, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(tenantId, limit, after), ct))
        .Slice<Query, Page<GrantedCreditView>>(nameof(ListCredits), "Lists credits with what is left of them, newest first");
}
