using System.Linq.Expressions;
using Licensing.Commissions.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Payouts;

/// <summary>The payouts of the caller's own subtree, newest first; <c>state=Due</c> is what is to be paid today.</summary>
internal static class ListPayouts
{
    [Needs(CommissionsPermissions.StatementsRead)]
    public sealed record Query(string? State, Guid? OrganizationId, int? Limit, string? After) : IQuery<Page<PayoutView>>;

    internal sealed class Handler(CommissionsDb db, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, Page<PayoutView>>
    {
        public async Task<Result<Page<PayoutView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;

            var today = calendar.DayOf(clock.GetUtcNow());
            var payouts = db.Payouts.AsNoTracking().Within(principal.Scope);
            if (query.State is not null)
            {
                if (!Enum.TryParse(query.State, ignoreCase: false, out PayoutState state) || !Enum.IsDefined(state) || char.IsDigit(query.State[0]))
                    return PayoutRefusals.NotAState;
                payouts = payouts.Where(InState(state, today));
            }

            if (query.OrganizationId is { } organization)
                payouts = payouts.Where(x => x.OrganizationId == new OrganizationId(organization));
            return await payouts.ToPageAsync(start, x => x.Id, x => PayoutView.Of(x, today), x => x.Id.Value, cancellationToken);
        }

        private static Expression<Func<Payout, bool>> InState(PayoutState state, DateOnly today) => state switch
        {
            PayoutState.Paid => x => x.PaidOn != null,
            PayoutState.Failed => x => x.PaidOn == null && x.FailedOn != null,
            PayoutState.Ordered => x => x.PaidOn == null && x.OrderId != null,
            PayoutState.Due => x => x.PaidOn == null && x.FailedOn == null && x.OrderId == null && x.DueOn <= today,
            _ => x => x.PaidOn == null && x.FailedOn == null && x.OrderId == null && x.DueOn > today,
        };
    }

    public static void Map(IEndpointRouteBuilder payouts) => payouts
        .MapGet("/", (string? state, Guid? organizationId, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(state, organizationId, limit, after), ct))
        .Slice<Query, Page<PayoutView>>(nameof(ListPayouts), "Lists payouts");
}
