using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Invoices;

/// <summary>
/// Takes what pays an invoice from the prepaid credit of the partner under whom the tenant stood, and gives it back there. The ledger knows it by
/// the invoice and the payment's reference.
/// </summary>
internal sealed class InvoiceCredit(CreditLedger ledger, IOrganizationDirectory organizations)
{
    /// <param name="invoice">Locked by the caller.</param>
    /// <param name="reference">Of the payment.</param>
    /// <param name="due">Above 0.</param>
    /// <param name="whole">Whether it is taken whole or not at all; else as much as there is.</param>
    /// <param name="within">From credit that lies outside nothing is taken, nor told.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>What was taken, above 0.</returns>
    public async Task<Result<decimal>> TakeAsync(
        Invoice invoice, string reference, Money due, bool whole, Scope within, CancellationToken ct)
    {
        var asked = new CreditAmount(due.Currency.Code, due.Amount);
        if (PathOf(invoice) is not { } path || !within.Contains(path) || await PayerAsync(path, ct) is not { } payer)
            return LedgerRefusals.Insufficient(asked, 0);
        var key = Payment.CreditKeyOf(invoice.Id, reference);
        if (whole)
            return (await ledger.SpendAsync(payer, key, invoice.Number!, [asked], ct)).Refused(out var refusal, out _) ? refusal : asked.Amount;
        var paid = await ledger.PayAsync(payer, key, invoice.Number!, asked, ct);
        return paid.Amount > 0 ? paid.Amount : LedgerRefusals.Insufficient(asked, 0);
    }

    /// <summary>Whoever may reverse the payment gives back what it took, also where the credit lies outside his scope.</summary>
    public async Task GiveBackAsync(Invoice invoice, Payment payment, CancellationToken ct)
    {
        var key = Payment.CreditKeyOf(invoice.Id, payment.Reference);
        // Else a payment would be taken back whose money nobody gets.
        if (PathOf(invoice) is not { } path || await PayerAsync(path, ct) is not { } payer || await ledger.TryGiveBackAsync(payer, key, ct) is null)
            throw new InvalidOperationException($"Payment {payment.Id} came from credit, and the ledger knows nothing of {key}.");
    }

    private static string? PathOf(Invoice invoice) => OrganizationPath.At(invoice.OwnerPath, OrganizationKind.Partner);

    private async Task<OrganizationId?> PayerAsync(string path, CancellationToken ct) =>
        (await organizations.FindByPathAsync([path], ct)).GetValueOrDefault(path)?.Id;
}
