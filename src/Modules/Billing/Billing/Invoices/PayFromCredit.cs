using FluentValidation;
using Licensing.Billing.Contracts;
using Licensing.Billing.Credit;
using Licensing.Billing.Data;
using Licensing.Kernel.Http;

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

    internal sealed class Handler(BillingDb db, PaymentBook payments, InvoiceCredit credit, Precondition precondition, Principal principal)
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
            if (invoice.MayBePaidFromCredit(command.Amount).Refused(out var refusal, out var due)
                || (await credit.TakeAsync(invoice, command.Reference, due, whole: command.Amount is not null, principal.Scope, cancellationToken))
                    .Refused(out refusal, out var taken))
                return refusal;
            return await payments.AddAsync(
                invoice, new NewPayment(command.Reference, taken, payments.Today, Method) { FromCredit = true }, cancellationToken);
        }
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapPost("/{id:guid}/payments/from-credit", (Guid id, Body body, ISender sender, CancellationToken ct) => sender.Created(
            new Command(new InvoiceId(id), body.Reference, body.Amount), x => $"/api/v1/invoices/{x.InvoiceId.Value}/payments", ct))
        .Slice<Command, PaymentView>(
            nameof(PayFromCredit), "Pays an invoice from the partner's prepaid credit, once per reference", StatusCodes.Status201Created)
        .WithMetadata(new TakesIfMatch())
        .WithMetadata(new SliceExample(new { reference = "credit 2026-11", amount = new { amount = "17.72", currency = "EUR" } }));
}
