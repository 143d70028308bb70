using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Credit;

/// <summary>What is left of each lot of prepaid credit in the caller's branch, and when it ends; what is spent or over is not there.</summary>
internal static class ListLots
{
    /// <param name="Remaining">What can be spent of it.</param>
    /// <param name="ExpiresAt">What is left then is lost; null: never.</param>
    public sealed record LotView(
        Guid Id, OrganizationId OrganizationId, string Unit, string Remaining, DateTimeOffset? ExpiresAt, DateTimeOffset CreatedAt);

    [Needs(BillingPermissions.CreditRead)]
    public sealed record Query(Guid? OrganizationId, string? Unit, int? Limit, string? After) : IQuery<Page<LotView>>;

    internal sealed class Handler(BillingDb db, Principal principal, TimeProvider clock) : IQueryHandler<Query, Page<LotView>>
    {
        public async Task<Result<Page<LotView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var accounts = db.LedgerAccounts.AsNoTracking().Within(principal.Scope).Where(x => x.Kind == AccountKind.Prepaid);
            if (query.OrganizationId is { } organization)
                accounts = accounts.Where(x => x.OwnerId == new OrganizationId(organization));
            if (query.Unit is not null)
                accounts = accounts.Where(x => x.Unit == query.Unit);
            var lots = db.CreditLots.AsNoTracking().Where(CreditLot.SpendableAt(clock.GetUtcNow()))
                .Join(accounts, x => x.AccountId, x => x.Id, (lot, account) => new { Lot = lot, Account = account });
            return (await lots.ToPageAsync(
                start, x => x.Lot.Id,
                x => new { x.Lot.Id, x.Account.OwnerId, x.Account.Unit, x.Lot.Remaining, x.Lot.ExpiresAt, x.Lot.CreatedAt },
                x => x.Id, cancellationToken)).Refused(out refusal, out var page)
                ? refusal
                : page.Select(x => new LotView(
                    x.Id, x.OwnerId, x.Unit, CreditAmountView.Text(x.Unit, x.Remaining), x.ExpiresAt, x.CreatedAt));
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapGet("/lots", (Guid? organizationId, string? unit, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId, unit, limit, after), ct))
        .Slice<Query, Page<LotView>>(nameof(ListLots), "Lists what is left of prepaid credit and when it ends, newest first");
}
