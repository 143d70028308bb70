using FluentValidation;
using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>
/// Takes back a payment that turned out to be none, as a direct debit that bounced or a transfer of another invoice: in full, once, by a payment of
/// the other sign. What it paid is open again; what came from prepaid credit goes back there.
/// </summary>
internal static class ReversePayment
{
    /// <param name="Id">The invoice.</param>
    /// <param name="PaymentId">Of its payments; a reversal is reversed by recording the payment anew.</param>
    /// <param name="Reason">For people.</param>
    [Needs(BillingPermissions.PaymentsRecord)]
    public sealed record Command(InvoiceId Id, Guid PaymentId, string Reason) : ICommand<PaymentView>;

    public sealed record Body(string Reason);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Reason).NotEmpty().MaximumLength(IssueCreditNote.LongestReason);
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
            if (!invoice.IsIssued)
                return InvoiceRefusals.NotIssued;
            var found = await db.Payments.AsNoTracking()
                .Where(x => x.InvoiceId == invoice.Id && x.TenantId == invoice.TenantId
                    && (x.Id == command.PaymentId || x.Reverses == command.PaymentId)).ToListAsync(cancellationToken);
            if (found.Find(x => x.Id == command.PaymentId) is not { Reverses: null } payment)
                return InvoiceRefusals.PaymentNotFound(command.PaymentId);
            if (found.Exists(x => x.Reverses == payment.Id))
                return InvoiceRefusals.PaymentReversedAlready;

            if (payment.FromCredit)
                await credit.GiveBackAsync(invoice, payment, cancellationToken);
            var reversal = new NewPayment($"reversal {payment.Number}: {payment.Id}", -payment.Amount, payments.Today, payment.Method)
            {
                FromCredit = payment.FromCredit,
                Reverses = (payment.Id, command.Reason),
            };
            return await payments.AddAsync(invoice, reversal, cancellationToken);
        }
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapPost("/{id:guid}/payments/{paymentId:guid}/reversal", (Guid id, Guid paymentId, Body body, ISender sender, CancellationToken ct) =>
            sender.Created(
                new Command(new InvoiceId(id), paymentId, body.Reason), x => $"/api/v1/invoices/{x.InvoiceId.Value}/payments", ct))
        .Slice<Command, PaymentView>(nameof(ReversePayment), "Takes back a payment of an invoice in full, once", StatusCodes.Status201Created)
        .WithMetadata(new TakesIfMatch())
        .WithMetadata(new SliceExample(new { reason = "direct debit returned" }));
}
