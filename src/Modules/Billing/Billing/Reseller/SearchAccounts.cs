using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Reseller;

/// <summary>
/// The reseller's accounts with their balances, by pages that have numbers, as the source has them. What lies behind many pages is found by
/// name: to count to it would cost as many rows.
/// </summary>
internal static class SearchAccounts
{
    private const int MostSize = 200, MostPassed = 10_000;

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
            if (query.PageSize is < 1 or > MostSize)
                return ResellerRefusals.Field("PageSize", "out_of_range", $"must be 1 to {MostSize}.");
            var passed = (query.Page - 1L) * query.PageSize;
            if (passed is < 0 or > MostPassed)
                return ResellerRefusals.Field(
                    "Page", "out_of_range", $"must be 1 or more, and not begin after the first {MostPassed} accounts; narrow the search by Name.");
            var found = await accounts.SearchAsync(query.Name, (int)passed, query.PageSize, cancellationToken);
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
