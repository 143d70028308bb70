using System.Text.Json.Nodes;
using FluentValidation;
using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>
/// Withdraws a draft, or an issued invoice of which nothing has been paid. An issued one keeps its number and its figures, as it has left
/// the house: what is left of it is taken back by a credit note that names it. Either way its month can be billed again.
/// </summary>
internal static class VoidInvoice
{
    [Needs(BillingPermissions.InvoicesVoid)]
    public sealed record Command(InvoiceId Id, string Reason) : ICommand<InvoiceView>;

    public sealed record Body(string Reason);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Reason).NotEmpty().MaximumLength(IssueCreditNote.LongestReason);
    }

    internal sealed class Handler(
        BillingDb db, CreditNoteIssuing issuing, Precondition precondition, Principal principal, AuditTrail audit, TimeProvider clock)
        : ICommandHandler<Command, InvoiceView>
    {
        public async Task<Result<InvoiceView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.LockInvoiceAsync(command.Id, principal.Scope, cancellationToken) is not { } invoice)
                return InvoiceRefusals.NotFound(command.Id);
            if (precondition.Fails(invoice))
                return Precondition.Failed;
            if (invoice.MayBeVoided().Refused(out var refusal, out _))
                return refusal;

            if (invoice.Status is InvoiceStatus.Issued)
            {
                if (await IsSpentAsync(invoice, cancellationToken))
                    return InvoiceRefusals.CreditSpent;
                var issued = await issuing.IssueAsync(invoice, null, command.Reason, voids: true, cancellationToken);
                // One of nothing, or credited in full already, leaves nothing to take back.
                if (issued.Refused(out refusal, out var note) && refusal != InvoiceRefusals.NothingToCredit)
                    return refusal;
                if (note is not null)
                    IssueCreditNote.Tell(audit, invoice, note);
            }

            await db.Database.ExecuteSqlAsync($"""
                update billing.invoices set status = 'Void', voided_at = {clock.GetUtcNow()}, version = version + 1 where id = {invoice.Id.Value}
                """, cancellationToken);
            await db.Database.ExecuteSqlAsync($"""
                update billing.invoice_lines set billed = false where invoice_id = {invoice.Id.Value} and tenant_id = {invoice.TenantId.Value}
                """, cancellationToken);
            audit.Note("invoice", invoice.Id.Value.ToString(), invoice.OwnerPath, new JsonObject
            {
                ["status"] = new JsonObject { ["old"] = invoice.Status.ToString(), ["new"] = nameof(InvoiceStatus.Void) },
                ["reason"] = command.Reason,
            });
            return InvoiceView.Of(await db.Invoices.AsNoTracking().SingleAsync(x => x.Id == invoice.Id, cancellationToken));
        }

        // What the invoice gave back to a credit is taken back from it; the credits stay locked, so that nobody spends it meanwhile.
        private async Task<bool> IsSpentAsync(Invoice invoice, CancellationToken ct) => (await db.Database.SqlQuery<decimal>($"""
            select c.remaining + u.consumed as "Value" from (
                select reduction_id, sum(consumed) as consumed from billing.reduction_uses
                where invoice_id = {invoice.Id.Value} and tenant_id = {invoice.TenantId.Value} and kind = 'Credit' group by 1) u
            join billing.credits c on c.id = u.reduction_id and c.tenant_id = {invoice.TenantId.Value}
            order by c.id for update of c
            """).ToListAsync(ct)).Exists(left => left < 0);
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapPost("/{id:guid}/void", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new InvoiceId(id), body.Reason), ct))
        .Slice<Command, InvoiceView>(nameof(VoidInvoice), "Voids a draft, or an issued invoice that nobody has paid")
        .WithMetadata(new TakesIfMatch());
}
