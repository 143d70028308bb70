using Licensing.Doors.Reseller;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Reseller;

/// <summary>Whose credit a number means; what is outside the caller's scope is nobody's.</summary>
internal static class FindCreditAccount
{
    [Needs(BillingPermissions.CreditRead)]
    public sealed record Query(int AccountId) : IQuery<AccountRef>;

    internal sealed class Handler(IAccounts accounts) : IQueryHandler<Query, AccountRef>
    {
        public Task<Result<AccountRef>> Handle(Query query, CancellationToken cancellationToken) =>
            accounts.FindAsync(query.AccountId, cancellationToken);
    }

    /// <summary>This door's names of what commands on credit call otherwise.</summary>
    public static IReadOnlyDictionary<string, string> Names { get; } = new Dictionary<string, string>
    {
        ["organizationId"] = "AccountId",
        ["fromOrganizationId"] = "FromAccountId",
        ["toOrganizationId"] = "ToAccountId",
    };

    extension(ResellerCall call)
    {
        /// <summary>
        /// The caller's reference of what is to be done once, or one that nobody has had where he gave none: then only an
        /// <c>Idempotency-Key</c> keeps a retry from doing it again.
        /// </summary>
        public string ReferenceOr(string? given) => given ?? $"reseller {Licensing.Kernel.Id.NewGuid(call.Of<TimeProvider>().GetUtcNow())}";
    }
}
