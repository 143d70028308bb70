using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Reseller;

/// <summary>
/// The reseller's accounts with their balances, by pages that have numbers. What lies behind many pages is found by name.
/// </summary>
internal static class SearchAccounts
{
    [Needs(BillingPermissions.AccountsRead)]
    public sealed record Query(string? Name, int Page, int PageSize) : IQuery<FoundAccounts>;

    /// <summary>A page of accounts, the newest first.</summary>
    /// <param name="Accounts">Those of the page.</param>
    /// <param name="Page">Its number, from 1.</param>
    /// <param name="HasMore">Whether there is another after it.</param>
    public sealed record FoundAccounts(IReadOnlyList<Account> Accounts, int Page, bool HasMore);

    internal sealed class Handler(IAccounts accounts, AccountBalances balances) : IQueryHandler<Query, FoundAccounts>
    {
        public async Task<Result<FoundAccounts>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (NumberedPage.Of(query.Page, query.PageSize, "narrow the search by Name.").Refused(out var refusal, out var page))
                return refusal;
            var found = await accounts.SearchAsync(query.Name, page.Passed, query.PageSize, cancellationToken);
            return new FoundAccounts(
                await balances.OfAsync([.. found.Take(query.PageSize)], cancellationToken), query.Page, found.Count > query.PageSize);
        }
    }

    /// <summary>Which accounts.</summary>
    /// <param name="Name">How their names begin, in any case.</param>
    /// <param name="Page">Which page of them, from 1.</param>
    /// <param name="PageSize">Accounts on a page, 1 to 200.</param>
    public sealed record SearchAccountsRequest(string? Name = null, int Page = 1, int PageSize = 50);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<SearchAccountsRequest, Query, FoundAccounts>(
            nameof(SearchAccounts), "Finds accounts of the reseller, with balances",
            (asked, call) => call.SendAsync(new Query(asked.Name, asked.Page, asked.PageSize)));
}
