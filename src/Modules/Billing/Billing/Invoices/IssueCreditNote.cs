using System.Text.Json.Nodes;
using FluentValidation;
using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;

namespace Licensing.Billing.Invoices;

/// <summary>Takes back some lines of an issued invoice, or all that is left of it, by a numbered document of its own.</summary>
internal static class IssueCreditNote
{
    public const int LongestReason = 500, MostLines = 1_000;

    /// <param name="Id">The invoice.</param>
    /// <param name="Lines">Which lines, and how much of each; without an amount all that is left of it.</param>
    /// <param name="Full">All that is left of the invoice, instead of lines.</param>
    /// <param name="Reason">Stands on the document.</param>
    [Needs(BillingPermissions.InvoicesCredit)]
    public sealed record Command(InvoiceId Id, IReadOnlyList<AskedCredit>? Lines, bool Full, string Reason) : ICommand<CreditNoteView>;

    public sealed record Body(string Reason, IReadOnlyList<AskedCredit>? Lines = null, bool Full = false);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Reason).NotEmpty().MaximumLength(LongestReason);
            RuleFor(x => x.Lines).Must((x, lines) => x.Full == lines is null).WithErrorCode("lines_or_full")
                .WithMessage("Give either lines, or full: true.");
            RuleFor(x => x.Lines).Must(lines => lines is null or { Count: > 0 and <= MostLines }).WithErrorCode("out_of_range")
                .WithMessage($"lines must be 1 to {MostLines}; for more, credit the invoice in full or in several notes.");
        }
    }

    internal sealed class Handler(BillingDb db, CreditNoteIssuing issuing, Precondition precondition, Principal principal, AuditTrail audit)
        : ICommandHandler<Command, CreditNoteView>
    {
        public async Task<Result<CreditNoteView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.LockInvoiceAsync(command.Id, principal.Scope, cancellationToken) is not { } invoice)
                return InvoiceRefusals.NotFound(command.Id);
            if (precondition.Fails(invoice))
                return Precondition.Failed;
            if (invoice.Status is not (InvoiceStatus.Issued or InvoiceStatus.Paid))
                return InvoiceRefusals.NotIssued;
            var issued = await issuing.IssueAsync(invoice, command.Lines, command.Reason, voids: false, cancellationToken);
            if (issued.Refused(out var refusal, out var note))
                return refusal;

            Tell(audit, invoice, note);
            return CreditNoteView.Of(note);
        }
    }

    /// <summary>The audit trail's entry of a credit note.</summary>
    public static void Tell(AuditTrail audit, Invoice invoice, CreditNote note) => audit.Note(
        "credit_note", note.Id.Value.ToString(), note.OwnerPath, new JsonObject
        {
            ["invoice"] = invoice.Number,
            ["number"] = note.Number,
            ["total"] = new Money(note.Total, note.Currency).ToString(),
            ["reason"] = note.Reason,
        });

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapPost("/{id:guid}/credit-notes", (Guid id, Body body, ISender sender, CancellationToken ct) => sender.Created(
            new Command(new InvoiceId(id), body.Lines, body.Full, body.Reason),
            x => $"/api/v1/invoices/{x.InvoiceId.Value}/credit-notes/{x.Id.Value}", ct))
        .Slice<Command, CreditNoteView>(
            nameof(IssueCreditNote), "Credits lines of an issued invoice, or all that is left of it", StatusCodes.Status201Created)
        .WithMetadata(new TakesIfMatch())
        .WithMetadata(new SliceExample(new
        {
            reason = "Not delivered",
            lines = new object[] { new { position = 1 }, new { position = 2, amount = new { amount = "10.00", currency = "EUR" } } },
        }));
}
