using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Credit;

/// <summary>What was taken from prepaid credit, once for its reference.</summary>
/// <param name="ReversedAt">When it was given back; null where it was not.</param>
internal sealed record DebitView(
    Guid Id, OrganizationId OrganizationId, string Reference, string? Description, string Unit, string Amount, DateTimeOffset CreatedAt,
    DateTimeOffset? ReversedAt)
{
    // Beside those of licences (license:…) and invoices: one may not be reversed as the other.
    private const string Prefix = "debit:";

    public static string KeyOf(string reference) => Prefix + reference;

    /// <summary>Whether a spending was asked for as a debit.</summary>
    public static bool IsDebit(LedgerTransaction transaction) =>
        transaction.Kind is TransactionKind.Spending && transaction.Key.StartsWith(Prefix, StringComparison.Ordinal);

    public static DebitView Of(LedgerTransaction transaction, CreditAmount taken, DateTimeOffset? reversedAt) => new(
        transaction.Id, transaction.OwnerId, transaction.Reference, transaction.Description, taken.Unit,
        CreditAmountView.Text(taken.Unit, taken.Amount), transaction.CreatedAt, reversedAt);
}
