using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Credit;

/// <summary>When credit of the caller's branch was low.</summary>
internal static class ListCreditAlerts
{
    /// <param name="Threshold">Below which it had fallen.</param>
    /// <param name="Balance">What could be spent then.</param>
    public sealed record AlertView(Guid Id, OrganizationId OrganizationId, string Unit, string Threshold, string Balance, DateTimeOffset FiredAt);

    [Needs(BillingPermissions.CreditRead)]
    public sealed record Query(Guid? OrganizationId, string? Unit, int? Limit, string? After) : IQuery<Page<AlertView>>;

    internal sealed class Handler(BillingDb db, Principal principal) : IQueryHandler<Query, Page<AlertView>>
    {
        public async Task<Result<Page<AlertView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var rows = db.CreditAlerts.AsNoTracking().Within(principal.Scope);
            if (query.OrganizationId is { } organization)
                rows = rows.Where(x => x.OwnerId == new OrganizationId(organization));
            if (query.Unit is { } unit)
                rows = rows.Where(x => x.Unit == unit);
            return (await rows.ToPageAsync(start, x => x.Id, x => x, x => x.Id, cancellationToken)).Refused(out refusal, out var page)
                ? refusal
                : page.Select(x => new AlertView(
                    x.Id, x.OwnerId, x.Unit, CreditAmountView.Text(x.Unit, x.Threshold), CreditAmountView.Text(x.Unit, x.Balance), x.FiredAt));
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapGet("/alerts", (Guid? organizationId, string? unit, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId, unit, limit, after), ct))
        .Slice<Query, Page<AlertView>>(nameof(ListCreditAlerts), "Lists when prepaid credit fell below its thresholds, newest first");
}
