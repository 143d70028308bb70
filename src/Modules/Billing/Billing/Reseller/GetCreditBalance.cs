using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Reseller;

/// <summary>The credits that an account can spend now, and when which of them end.</summary>
internal static class GetCreditBalance
{
    private const int MostLots = 500;

    [Needs(BillingPermissions.CreditRead)]
    public sealed record Query(int AccountId) : IQuery<CreditBalance>;

    /// <summary>Which account.</summary>
    /// <param name="AccountId">Its number.</param>
    public sealed record GetCreditBalanceRequest(int AccountId);

    /// <summary>What an account can spend.</summary>
    /// <param name="AccountId">Whose.</param>
    /// <param name="Credits">All of them, those of lots that are not shown too.</param>
    /// <param name="Lots">What is spent first first: the first 500.</param>
    /// <param name="HasMoreLots">Whether there are others that end later.</param>
    public sealed record CreditBalance(int AccountId, long Credits, IReadOnlyList<AccountLot> Lots, bool HasMoreLots);

    internal sealed class Handler(BillingDb db, IAccounts accounts, TimeProvider clock) : IQueryHandler<Query, CreditBalance>
    {
        public async Task<Result<CreditBalance>> Handle(Query query, CancellationToken cancellationToken)
        {
            if ((await accounts.FindAsync(query.AccountId, cancellationToken)).Refused(out var refusal, out var account))
                return refusal;
            // The sum is of the same statement, so that it is that of the lots.
            var spendable = db.CreditLots.AsNoTracking().Where(CreditLot.SpendableAt(clock.GetUtcNow())).Where(lot => db.LedgerAccounts.Any(
                x => x.Id == lot.AccountId && x.OwnerId == account.Id && x.Kind == AccountKind.Prepaid && x.Unit == CreditUnits.Credits));
            var lots = await spendable.OrderBy(x => x.ExpiresAt).ThenBy(x => x.Id).Take(MostLots + 1)
                .Select(x => new { x.Id, x.Remaining, x.ExpiresAt, All = spendable.Sum(l => l.Remaining) }).ToListAsync(cancellationToken);
            return new CreditBalance(
                query.AccountId, WholeCredits.Of(lots.Count > 0 ? lots[0].All : 0),
                [.. lots.Take(MostLots).Select(x => new AccountLot(x.Id.ToString(), WholeCredits.Of(x.Remaining), x.ExpiresAt))],
                lots.Count > MostLots);
        }
    }

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<GetCreditBalanceRequest, Query, CreditBalance>(
            nameof(GetCreditBalance), "Shows the credits that an account can spend, and when they end",
            (asked, call) => call.SendAsync(new Query(asked.AccountId)));
}
