using Licensing.Identity.Contracts;
using Licensing.Kernel;
using Licensing.Kernel.Http;

namespace Licensing.Provisioning.Contracts;

/// <summary>Some credit of one unit.</summary>
/// <param name="Unit">An ISO 4217 code, <see cref="Points"/>, or <c>credits</c>, which pay for nothing that is sold here.</param>
/// <param name="Amount">
/// In whole units; a currency's has at most the digits of its minor unit, points have at most four, credits none.
/// </param>
public sealed record CreditAmount(string Unit, decimal Amount)
{
    /// <summary>The one unit that is no currency and pays for what is sold here.</summary>
    public const string Points = "points";

    /// <summary>Digits after the point that an amount of points may have.</summary>
    public const int PointDigits = 4;
}

/// <summary>Something that was done with an organisation's prepaid credit.</summary>
/// <param name="Id">The ledger's transaction; ordered by time.</param>
/// <param name="Kind"><c>TopUp</c>, <c>Spending</c>, <c>GivingBack</c>, <c>Lapse</c>, <c>TransferOut</c> or <c>TransferIn</c>.</param>
/// <param name="Reference">What it was for.</param>
/// <param name="Amounts">What it added to the credit, by unit; negative where it took something.</param>
/// <param name="At">When.</param>
public sealed record CreditMovement(Guid Id, string Kind, string Reference, IReadOnlyList<CreditAmount> Amounts, DateTimeOffset At);

/// <summary>
/// Prepaid credit as selling needs it: what is taken and what it was taken for commit together or not at all. Declared here and implemented by
/// the module that keeps the ledger, which stands above this one. No call checks the caller's scope; the asking slice does.
/// </summary>
public interface IPrepaidCredit
{
    /// <summary>
    /// Takes <paramref name="amounts"/> from what <paramref name="owner"/> has, earliest expiry first, in the caller's transaction. Spendings of
    /// one owner come one after the other: the rest of the caller's transaction waits for none before it.
    /// </summary>
    /// <param name="owner">Whose credit.</param>
    /// <param name="key">Names this spending for ever; spent twice it is refused as a conflict by the database.</param>
    /// <param name="reference">What it is for, for people.</param>
    /// <param name="amounts">One per unit, none negative; zeros are left out.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Refused as <see cref="RefusalKind.PaymentRequired"/> with <c>required</c>, <c>available</c> and <c>currency</c> in its content where
    /// it does not suffice.</returns>
    Task<Result<Done>> SpendAsync(OrganizationId owner, string key, string reference, IReadOnlyList<CreditAmount> amounts, CancellationToken ct);

    /// <summary>
    /// Gives back in full what was spent under <paramref name="key"/>, to the lots it came from; what came from one that has expired since comes
    /// back without expiry. Given back twice it is refused as a conflict by the database. Nothing spent under it: nothing is done.
    /// </summary>
    /// <param name="owner">Whose credit.</param>
    /// <param name="key">As it was spent under.</param>
    /// <param name="ct">Gives up.</param>
    Task GiveBackAsync(OrganizationId owner, string key, CancellationToken ct);

    /// <summary>What an organisation can spend now, by unit; units that it never had are absent.</summary>
    /// <param name="owner">Whose credit.</param>
    Task<IReadOnlyList<CreditAmount>> AvailableAsync(OrganizationId owner, CancellationToken ct);

    /// <summary>What was done with an organisation's credit, newest first.</summary>
    /// <param name="owner">Whose credit.</param>
    /// <param name="units">Only movements of one of these.</param>
    /// <param name="start">Which page.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Refused as malformed (<c>invalid_cursor</c>) where the page starts after what is no movement's id.</returns>
    Task<Result<Page<CreditMovement>>> MovementsAsync(OrganizationId owner, IReadOnlyCollection<string> units, PageStart start, CancellationToken ct);
}
