using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Reseller;

/// <summary>Which tenant a number names; what is outside the caller's scope is none.</summary>
internal static class FindAccount
{
    [Needs(IdentityPermissions.OrganizationsRead)]
    public sealed record Query(int AccountId) : IQuery<AccountRef>;

    internal sealed class Handler(IAccounts accounts) : IQueryHandler<Query, AccountRef>
    {
        public Task<Result<AccountRef>> Handle(Query query, CancellationToken cancellationToken) =>
            accounts.FindAsync(query.AccountId, cancellationToken);
    }

    extension(ResellerCall call)
    {
        /// <summary>Does something with an account, and shows it as it is afterwards.</summary>
        public async Task<Result<Account>> WithAccountAsync<T>(int accountId, Func<OrganizationId, MediatR.IRequest<Result<T>>> command)
            where T : notnull
        {
            if ((await call.SendAsync(new Query(accountId))).Refused(out var refusal, out var found)
                || (await call.SendAsync(command(found.Id))).Refused(out refusal, out _)
                || (await call.SendAsync(new Query(accountId))).Refused(out refusal, out found))
                return refusal;
            return found.Account;
        }
    }

    /// <summary>This door's names of what Identity calls otherwise.</summary>
    public static IReadOnlyDictionary<string, string> Names { get; } = new Dictionary<string, string>
    {
        ["displayName"] = "Name",
        ["legalName"] = "CompanyName",
        ["country"] = "CountryCode",
        ["currency"] = "CurrencyCode",
        ["contact/email"] = "ContactEmail",
        ["partnerId"] = "request",
    };
}
