using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Reseller;

/// <summary>Shows an account with its balance.</summary>
internal static class GetAccount
{
    [Needs(BillingPermissions.AccountsRead)]
    public sealed record Query(int AccountId) : IQuery<Account>;

    internal sealed class Handler(IAccounts accounts, AccountBalances balances) : IQueryHandler<Query, Account>
    {
        public async Task<Result<Account>> Handle(Query query, CancellationToken cancellationToken) =>
            (await accounts.FindAsync(query.AccountId, cancellationToken)).Refused(out var refusal, out var found)
                ? refusal
                : (await balances.OfAsync([found], cancellationToken))[0];
    }

    /// <summary>Which account.</summary>
    /// <param name="AccountId">Its number.</param>
    public sealed record GetAccountRequest(int AccountId);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<GetAccountRequest, Query, Account>(
            nameof(GetAccount), "Shows an account with its balance and status", (asked, call) => call.SendAsync(new Query(asked.AccountId)));
}
