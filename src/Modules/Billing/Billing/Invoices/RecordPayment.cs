using FluentValidation;
using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Kernel.Http;

namespace Licensing.Billing.Invoices;

/// <summary>Records what was paid of an invoice, once per reference and never more than is open; what makes nothing open makes it paid.</summary>
internal static class RecordPayment
{
    internal const int LongestReference = 200, LongestMethod = 50;

    /// <param name="Id">The invoice.</param>
    /// <param name="Amount">Of the sign of what is open: a refund of what was credited after it was paid is negative.</param>
    /// <param name="Reference">Of the payment; unique for the invoice.</param>
    /// <param name="PaidOn">The day of value.</param>
    /// <param name="Method">How it was paid, in the caller's words.</param>
    [Needs(BillingPermissions.PaymentsRecord)]
    public sealed record Command(InvoiceId Id, Money Amount, string Reference, DateOnly PaidOn, string? Method) : ICommand<PaymentView>;

    public sealed record Body(Money Amount, string Reference, DateOnly PaidOn, string? Method = null);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Reference).NotEmpty().MaximumLength(LongestReference);
            RuleFor(x => x.Method).MaximumLength(LongestMethod);
            RuleFor(x => x.Amount).Must(amount => amount.Amount != 0 && amount.Round() == amount).WithErrorCode("not_an_amount")
                .WithMessage("amount must not be 0, nor have more digits than the currency's minor unit.");
        }
    }

    internal sealed class Handler(BillingDb db, PaymentBook payments, Precondition precondition, Principal principal)
        : ICommandHandler<Command, PaymentView>
    {
        public async Task<Result<PaymentView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.LockInvoiceAsync(command.Id, principal.Scope, cancellationToken) is not { } invoice)
                return InvoiceRefusals.NotFound(command.Id);
            if (precondition.Fails(invoice))
                return Precondition.Failed;
            var method = command.Method ?? "";
            if (await payments.FindAsync(invoice, command.Reference, cancellationToken) is { } recorded)
                return (recorded.Amount, recorded.Currency, recorded.PaidOn, recorded.Method, recorded.FromCredit, recorded.Reverses)
                    == (command.Amount.Amount, command.Amount.Currency, command.PaidOn, method, false, null)
                    ? await payments.AgainAsync(recorded, cancellationToken)
                    : InvoiceRefusals.PaymentReferenceUsed;
            if (command.PaidOn > payments.Today)
                return InvoiceRefusals.PaidAhead;
            if (invoice.MayBePaid(command.Amount).Refused(out var refusal, out _))
                return refusal;
            return await payments.AddAsync(
                invoice, new NewPayment(command.Reference, command.Amount.Amount, command.PaidOn, method), cancellationToken);
        }
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapPost("/{id:guid}/payments", (Guid id, Body body, ISender sender, CancellationToken ct) => sender.Created(
            new Command(new InvoiceId(id), body.Amount, body.Reference, body.PaidOn, body.Method),
            x => $"/api/v1/invoices/{x.InvoiceId.Value}/payments", ct))
        .Slice<Command, PaymentView>(nameof(RecordPayment), "Records a payment of an invoice, once per reference", StatusCodes.Status201Created)
        .WithMetadata(new TakesIfMatch())
        .WithMetadata(new SliceExample(new
        {
            amount = new { amount = "163.99", currency = "EUR" },
            reference = "bank statement 2026-11/47",
            paidOn = "2026-11-20",
            method = "transfer",
        }));
}
