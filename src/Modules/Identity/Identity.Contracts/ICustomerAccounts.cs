using Licensing.Kernel;

namespace Licensing.Identity.Contracts;

/// <summary>The people of customers, for doors through which partners open both at once. Works within the scope of the present request.</summary>
public interface ICustomerAccounts
{
    /// <summary>Opens a tenant with an administrator who may log in at once, by the rules and rights of both. Saved, not committed.</summary>
    /// <returns>Refused with pointers of <see cref="NewCustomer"/>'s properties in camelCase.</returns>
    Task<Result<OrganizationRef>> OpenAsync(NewCustomer customer, CancellationToken ct);

    /// <summary>
    /// Gives the tenant's first active administrator a password and ends what he has open; refused where he may do more than the caller, as a
    /// conflict where there is none, and as too many when he has been told of so many within the hour that he could not be told of this one.
    /// </summary>
    Task<Result<Done>> SetPasswordAsync(OrganizationId tenant, string password, CancellationToken ct);

    /// <summary>
    /// Where one notice to a tenant goes and when: to its first administrator's address, else its contact's; null where there is neither.
    /// Counts it in the present transaction, in the first hour that has room at that address, for the caller and for his organisation; that
    /// hour is its turn. Letters of accounts are counted apart. Not bound to the scope.
    /// </summary>
    Task<NoticeTurn?> TakeNoticeTurnAsync(OrganizationId tenant, CancellationToken ct);
}

/// <summary>When and where a notice goes.</summary>
/// <param name="Address">Of whom it is for.</param>
/// <param name="At">Not before this instant; now, or the beginning of an hour that has room for it.</param>
public sealed record NoticeTurn(string Address, DateTimeOffset At);
