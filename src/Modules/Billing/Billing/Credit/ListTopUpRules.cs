using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Credit;

/// <summary>What is added by itself to accounts of the caller's branch.</summary>
internal static class ListTopUpRules
{
    [Needs(BillingPermissions.CreditRead)]
    public sealed record Query(Guid? OrganizationId, string? Unit, int? Limit, string? After) : IQuery<Page<TopUpRuleView>>;

    internal sealed class Handler(BillingDb db, Principal principal) : IQueryHandler<Query, Page<TopUpRuleView>>
    {
        public async Task<Result<Page<TopUpRuleView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var rows = db.TopUpRules.AsNoTracking().Within(principal.Scope);
            if (query.OrganizationId is { } organization)
                rows = rows.Where(x => x.OwnerId == new OrganizationId(organization));
            if (query.Unit is { } unit)
                rows = rows.Where(x => x.Unit == unit);
            return (await rows.ToPageAsync(start, x => x.Id, x => x, x => x.Id, cancellationToken)).Refused(out refusal, out var page)
                ? refusal
                : page.Select(TopUpRuleView.Of);
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapGet("/top-up-rules", (Guid? organizationId, string? unit, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId, unit, limit, after), ct))
        .Slice<Query, Page<TopUpRuleView>>(nameof(ListTopUpRules), "Lists what is added to accounts by itself, newest first");
}
