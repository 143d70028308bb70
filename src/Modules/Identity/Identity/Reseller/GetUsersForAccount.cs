using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Reseller;

/// <summary>The users of an account.</summary>
internal static class GetUsersForAccount
{
    [Needs(IdentityPermissions.UsersRead)]
    public sealed record Query(int AccountId, int Page, int PageSize) : IQuery<FoundUsers>;

    /// <summary>A page of an account's users, the newest first.</summary>
    /// <param name="Users">Those of the page.</param>
    /// <param name="Page">Its number, from 1.</param>
    /// <param name="HasMore">Whether there is another after it.</param>
    public sealed record FoundUsers(IReadOnlyList<AccountUser> Users, int Page, bool HasMore);

    internal sealed class Handler(IAccounts accounts, AccountUsers users) : IQueryHandler<Query, FoundUsers>
    {
        public async Task<Result<FoundUsers>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (NumberedPage.Of(query.Page, query.PageSize, "take larger pages.").Refused(out var refusal, out var page)
                || (await accounts.FindAsync(query.AccountId, cancellationToken)).Refused(out refusal, out var account))
                return refusal;
            var found = await users.OfAsync(account.Id, page.Passed, query.PageSize, cancellationToken);
            return new FoundUsers([.. found.Take(query.PageSize).Select(x => x.User)], query.Page, found.Count > query.PageSize);
        }
    }

    /// <summary>Whose users.</summary>
    /// <param name="AccountId">Which account.</param>
    /// <param name="Page">Which page of them, from 1.</param>
    /// <param name="PageSize">Users on a page, 1 to 200.</param>
    public sealed record GetUsersForAccountRequest(int AccountId, int Page = 1, int PageSize = 50);

    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapReseller<GetUsersForAccountRequest, Query, FoundUsers>(
            nameof(GetUsersForAccount), "Lists the users of an account",
            (asked, call) => call.SendAsync(new Query(asked.AccountId, asked.Page, asked.PageSize)));
}
