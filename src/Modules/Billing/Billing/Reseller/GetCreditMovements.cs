using Licensing.Billing.Credit;
using Licensing.Billing.Ledger;
using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Reseller;

/// <summary>What was done with the credits of an account, by pages that have numbers, as those of <see cref="SearchAccounts"/>.</summary>
internal static class GetCreditMovements
{
    [Needs(BillingPermissions.CreditRead)]
    public sealed record Query(int AccountId, DateOnly? StartDate, DateOnly? EndDate, int Page, int PageSize) : IQuery<CreditMovementList>;

    /// <summary>Which movements.</summary>
    /// <param name="AccountId">Of whose credits.</param>
    /// <param name="StartDate">The first day; all since the beginning where it is left out.</param>
    /// <param name="EndDate">The day after the last.</param>
    /// <param name="Page">Which page of them, from 1.</param>
    /// <param name="PageSize">Movements on a page, 1 to 200.</param>
    public sealed record GetCreditMovementsRequest(
        int AccountId, DateOnly? StartDate = null, DateOnly? EndDate = null, int Page = 1, int PageSize = 50);

    /// <summary>Something done with credits.</summary>
    /// <param name="MovementId">Of what was done.</param>
    /// <param name="Kind"><c>TopUp</c>, <c>Spending</c>, <c>GivingBack</c>, <c>Lapse</c>, <c>TransferOut</c> or <c>TransferIn</c>.</param>
    /// <param name="Credits">Below zero, what was taken.</param>
    /// <param name="Reference">Of who did it.</param>
    /// <param name="CreatedAt">When.</param>
    public sealed record AccountMovement(string MovementId, string Kind, long Credits, string Reference, DateTimeOffset CreatedAt);

    /// <summary>A page of movements, the newest first.</summary>
    /// <param name="AccountId">Of whose credits.</param>
    /// <param name="Movements">Those of the page.</param>
    /// <param name="Page">Its number, from 1.</param>
    /// <param name="HasMore">Whether there is another after it.</param>
    public sealed record CreditMovementList(int AccountId, IReadOnlyList<AccountMovement> Movements, int Page, bool HasMore);

    internal sealed class Handler(MovementSearch search, CreditLedger ledger, IAccounts accounts) : IQueryHandler<Query, CreditMovementList>
    {
        public async Task<Result<CreditMovementList>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (NumberedPage.Of(query.Page, query.PageSize, "narrow the search by StartDate and EndDate.").Refused(out var refusal, out var page)
                || (await accounts.FindAsync(query.AccountId, cancellationToken)).Refused(out refusal, out var account)
                || search.Rows(new(account.Id.Value, CreditUnits.Credits, null, query.StartDate, query.EndDate)).Refused(out refusal, out var found))
                return refusal;
            var rows = await found.Rows.OrderByDescending(x => x.Id).Skip(page.Passed).Take(query.PageSize + 1).ToListAsync(cancellationToken);
            var amounts = await ledger.AmountsAsync([.. rows.Take(query.PageSize).Select(x => x.Id)], cancellationToken);
            return new CreditMovementList(
                query.AccountId,
                [.. rows.Take(query.PageSize).Select(x => new AccountMovement(
                    x.Id.ToString(), x.Kind.ToString(),
                    WholeCredits.Of(amounts[x.Id].Where(a => a.Unit == CreditUnits.Credits).Sum(a => a.Amount)), x.Reference, x.CreatedAt))],
                query.Page, rows.Count > query.PageSize);
        }
    }

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<GetCreditMovementsRequest, Query, CreditMovementList>(
            nameof(GetCreditMovements), "Lists what was done with the credits of an account, newest first",
            (asked, call) => call.SendAsync(new Query(asked.AccountId, asked.StartDate, asked.EndDate, asked.Page, asked.PageSize)),
            new Dictionary<string, string> { ["from"] = "StartDate", ["until"] = "EndDate" });
}
