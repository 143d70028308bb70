using Licensing.Identity.Contracts;

namespace Licensing.Provisioning.Reseller;

/// <summary>The tenant that a number of an account names; what is outside the caller's scope is none.</summary>
internal static class FindHolder
{
    [Needs(ProvisioningPermissions.NumbersRead)]
    public sealed record Query(int AccountId) : IQuery<AccountRef>;

    internal sealed class Handler(IAccounts accounts) : IQueryHandler<Query, AccountRef>
    {
        public Task<Result<AccountRef>> Handle(Query query, CancellationToken cancellationToken) =>
            accounts.FindAsync(query.AccountId, cancellationToken);
    }

    /// <summary>This door's names of what Provisioning calls otherwise.</summary>
    public static IReadOnlyDictionary<string, string> Names { get; } = new Dictionary<string, string>
    {
        ["country"] = "CountryCode",
        ["limit"] = "PageSize",
        ["numbers/0"] = "Number",
    };
}
