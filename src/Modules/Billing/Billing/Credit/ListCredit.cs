using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Credit;

/// <summary>What the organisations of the caller's branch can spend now, per currency and unit.</summary>
internal static class ListCredit
{
    [Needs(BillingPermissions.CreditRead)]
    public sealed record Query(Guid? OrganizationId, string? Unit, int? Limit, string? After) : IQuery<Page<CreditView>>;

    internal sealed class Handler(BillingDb db, Principal principal, TimeProvider clock) : IQueryHandler<Query, Page<CreditView>>
    {
        public async Task<Result<Page<CreditView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (PageStart.Read(query.Limit, query.After).Refused(out var refusal, out var start))
                return refusal;
            var spendable = db.CreditLots.Where(CreditLot.SpendableAt(clock.GetUtcNow()));
            var accounts = db.LedgerAccounts.AsNoTracking().Within(principal.Scope).Where(x => x.Kind == AccountKind.Prepaid);
            if (query.OrganizationId is { } organization)
                accounts = accounts.Where(x => x.OwnerId == new OrganizationId(organization));
            if (query.Unit is not null)
                accounts = accounts.Where(x => x.Unit == query.Unit);
            return (await accounts.ToPageAsync(
                start, x => x.Id,
                x => new
                {
                    x.Id,
                    x.OwnerId,
                    x.Unit,
                    Balance = spendable.Where(l => l.AccountId == x.Id).Sum(l => l.Remaining),
                    NextExpiry = spendable.Where(l => l.AccountId == x.Id).Min(l => l.ExpiresAt),
                },
                x => x.Id, cancellationToken)).Refused(out refusal, out var page)
                ? refusal
                : page.Select(x => new CreditView(x.Id, x.OwnerId, x.Unit, CreditAmountView.Text(x.Unit, x.Balance), x.NextExpiry));
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapGet("/", (Guid? organizationId, string? unit, int? limit, string? after, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(organizationId, unit, limit, after), ct))
        .Slice<Query, Page<CreditView>>(nameof(ListCredit), "Lists prepaid credit per organization and unit, newest first");
}
