using Licensing.Kernel;

namespace Licensing.Identity.Contracts;

/// <summary>A tenant as the reseller service shows it; the name is that of its document there.</summary>
/// <param name="AccountId">The organisation's number.</param>
/// <param name="Name">Its display name.</param>
/// <param name="CompanyName">Its legal name; null where none was said.</param>
/// <param name="CountryCode">ISO 3166-1 alpha-2.</param>
/// <param name="CurrencyCode">ISO 4217.</param>
/// <param name="ContactEmail">Whom to reach there; null where none was said.</param>
/// <param name="Notes">Of whoever stands above it, for himself; null to all others.</param>
/// <param name="Status"><c>Active</c>, <c>Suspended</c> or <c>Closed</c>.</param>
/// <param name="CreatedAt">When it was opened.</param>
public sealed record Account(
    int AccountId, string Name, string? CompanyName, string CountryCode, string CurrencyCode, string? ContactEmail, string? Notes, string Status,
    DateTimeOffset CreatedAt)
{
    /// <summary>Its prepaid credit, by unit; only where it is asked for.</summary>
    public IReadOnlyList<AccountBalance>? Balances { get; init; }
}

/// <summary>Credit that can be spent now.</summary>
/// <param name="Unit">An ISO 4217 code or the name of a unit.</param>
/// <param name="Amount">In whole units.</param>
public sealed record AccountBalance(string Unit, decimal Amount);

/// <summary>An account and whose it is.</summary>
/// <param name="Id">The organisation's id.</param>
/// <param name="Account">What the reseller service shows of it.</param>
public sealed record AccountRef(OrganizationId Id, Account Account);

/// <summary>Accounts for what other modules put on the reseller service. Works within the scope of the present request.</summary>
public interface IAccounts
{
    /// <summary>The account of that number, also a closed one; refused as not found (<c>account_not_found</c>).</summary>
    /// <param name="accountId">The organisation's number.</param>
    /// <param name="ct">Gives up.</param>
    Task<Result<AccountRef>> FindAsync(int accountId, CancellationToken ct);

    /// <summary>Accounts, newest first; one more than asked for where there is a further page.</summary>
    /// <param name="name">How their names begin, in any case; null is any.</param>
    /// <param name="skip">How many are passed over.</param>
    /// <param name="take">How many are wanted at most.</param>
    /// <param name="ct">Gives up.</param>
    Task<IReadOnlyList<AccountRef>> SearchAsync(string? name, int skip, int take, CancellationToken ct);
}
