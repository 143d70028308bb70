using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Credit;

/// <summary>The thresholds of the caller's branch, and what can be spent of each account at this instant.</summary>
internal static class ListCreditThresholds
{
    /// <param name="Balance">What can be spent now.</param>
    /// <param name="IsLow">Whether that is below the amount.</param>
    public sealed record WatchedView(
        Guid Id, OrganizationId OrganizationId, string Unit, string Amount, string Balance, bool IsLow, DateTimeOffset CreatedAt);

    [Needs(BillingPermissions.CreditRead)]
    public sealed record Query(Guid? OrganizationId, string? Unit, int? Limit, string? After) : IQuery<Page<WatchedView>>;

    internal sealed class Handler(BillingDb db, Principal principal, TimeProvider clock) : IQueryHandler<Query, Page<WatchedView>>
    {
        public async Task<Result<Page<WatchedView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var spendable = db.CreditLots.Where(CreditLot.SpendableAt(clock.GetUtcNow()));
            var rows = db.CreditThresholds.AsNoTracking().Within(principal.Scope);
            if (query.OrganizationId is { } organization)
                rows = rows.Where(x => x.OwnerId == new OrganizationId(organization));
            if (query.Unit is { } unit)
                rows = rows.Where(x => x.Unit == unit);
            return (await rows.ToPageAsync(
                start, x => x.Id,
                x => new { Threshold = x, Balance = spendable.Where(l => l.AccountId == x.AccountId).Sum(l => l.Remaining) },
                x => x.Threshold.Id, cancellationToken)).Refused(out refusal, out var page)
                ? refusal
                : page.Select(x => new WatchedView(
                    x.Threshold.Id, x.Threshold.OwnerId, x.Threshold.Unit, CreditAmountView.Text(x.Threshold.Unit, x.Threshold.Amount),
                    CreditAmountView.Text(x.Threshold.Unit, x.Balance), x.Balance < x.Threshold.Amount, x.Threshold.CreatedAt));
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapGet("/thresholds", (Guid? organizationId, string? unit, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId, unit, limit, after), ct))
        .Slice<Query, Page<WatchedView>>(nameof(ListCreditThresholds), "Lists below which balances it is told that credit is low, newest first");
}
