using FluentValidation;
using Licensing.Billing.Contracts;
using Licensing.Billing.Credit;
using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Invoices;

/// <summary>
/// Pays an invoice, or a part of it, from the prepaid credit of the partner to whom it belongs: as much as is asked for, or as much as is open
/// and there. Once per reference; what came in since pays under another one.
/// </summary>
internal static class PayFromCredit
{
    private const string Method = "credit";

    /// <param name="Id">The invoice.</param>
    /// <param name="Reference">Of the payment; unique for the invoice.</param>
    /// <param name="Amount">Above 0 and at most what is open; whole or not at all. Null: as much as the credit suffices for.</param>
    [Needs(BillingPermissions.CreditDebit)]
    public sealed record Command(InvoiceId Id, string Reference, Money? Amount) : ICommand<PaymentView>;

    public sealed record Body(string Reference, Money? Amount = null);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Reference).NotEmpty().MaximumLength(RecordPayment.LongestReference);
            RuleFor(x => x.Amount).Must(CreditRules.IsAmount).WithErrorCode("not_an_amount").WithMessage(CreditRules.AmountRule);
        }
    }

    internal sealed class Handler(
        BillingDb db, PaymentBook payments, CreditLedger ledger, IOrganizationDirectory organizations, Precondition precondition, Principal principal)
        : ICommandHandler<Command, PaymentView>
    {
        public async Task<Result<PaymentView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.LockInvoiceAsync(command.Id, principal.Scope, cancellationToken) is not { } invoice)
                return InvoiceRefusals.NotFound(command.Id);
            if (precondition.Fails(invoice))
                return Precondition.Failed;
            if (await payments.FindAsync(invoice, command.Reference, cancellationToken) is { } recorded)
                return recorded is { FromCredit: true, Reverses: null }
                    && (command.Amount is not { } asked || asked == new Money(recorded.Amount, recorded.Currency))
                    ? await payments.AgainAsync(recorded, cancellationToken)
                    : InvoiceRefusals.PaymentReferenceUsed;
            if (invoice.Status is InvoiceStatus.Draft or InvoiceStatus.Void)
                return InvoiceRefusals.NotIssued;
            if (invoice.Open.Amount <= 0)
                return InvoiceRefusals.NothingOpen;
            var due = command.Amount ?? invoice.Open;
            if (invoice.MayBePaid(due).Refused(out var refusal, out _))
                return refusal;

            if (await PayerAsync(invoice, cancellationToken) is not { } payer)
                return LedgerRefusals.Insufficient(new(due.Currency.Code, due.Amount), 0);
            var key = Payment.CreditKeyOf(invoice.Id, command.Reference);
            var whole = command.Amount is not null;
            if ((await TakenAsync(payer, key, invoice, due, whole, cancellationToken)).Refused(out refusal, out var taken))
                return refusal;
            return await payments.AddAsync(
                invoice, new NewPayment(command.Reference, taken, payments.Today, Method) { FromCredit = true }, cancellationToken);
        }

        private async Task<Result<decimal>> TakenAsync(
            OrganizationId payer, string key, Invoice invoice, Money due, bool whole, CancellationToken ct)
        {
            var asked = new CreditAmount(due.Currency.Code, due.Amount);
            if (whole)
                return (await ledger.SpendAsync(payer, key, invoice.Number!, [asked], ct)).Refused(out var refusal, out _) ? refusal : asked.Amount;
            var paid = await ledger.PayAsync(payer, key, invoice.Number!, asked, ct);
            return paid.Amount > 0 ? paid.Amount : LedgerRefusals.Insufficient(asked, 0);
        }

        // Whose credit it is: the partner's under whom the tenant stood, and only where the caller may take from it.
        private async Task<OrganizationId?> PayerAsync(Invoice invoice, CancellationToken ct) =>
            OrganizationPath.At(invoice.OwnerPath, OrganizationKind.Partner) is { } path && principal.Scope.Contains(path)
                ? (await organizations.FindByPathAsync([path], ct)).GetValueOrDefault(path)?.Id
                : null;
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapPost("/{id:guid}/payments/from-credit", (Guid id, Body body, ISender sender, CancellationToken ct) => sender.Created(
            new Command(new InvoiceId(id), body.Reference, body.Amount), x => $"/api/v1/invoices/{x.InvoiceId.Value}/payments", ct))
        .Slice<Command, PaymentView>(
            nameof(PayFromCredit), "Pays an invoice from the partner's prepaid credit, once per reference", StatusCodes.Status201Created)
        .WithMetadata(new TakesIfMatch())
        .WithMetadata(new SliceExample(new { reference = "credit 2026-11", amount = new { amount = "17.72", currency = "EUR" } }));
}
