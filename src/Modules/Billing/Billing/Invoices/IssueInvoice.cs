using System.Text.Json.Nodes;
using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>Gives a draft its number; from then on it never changes.</summary>
internal static class IssueInvoice
{
    [Needs(BillingPermissions.InvoicesIssue)]
    public sealed record Command(InvoiceId Id) : ICommand<InvoiceView>;

    internal sealed class Handler(
        BillingDb db, InvoiceIssuing issuing, IOrganizationDirectory organizations, Precondition precondition, Principal principal, AuditTrail audit)
        : ICommandHandler<Command, InvoiceView>
    {
        public async Task<Result<InvoiceView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var invoices = db.Invoices.AsNoTracking().Within(principal.Scope).Where(x => x.Id == command.Id);
            if (await invoices.SingleOrDefaultAsync(cancellationToken) is not { } draft)
                return InvoiceRefusals.NotFound(command.Id);
            if (precondition.Fails(draft))
                return Precondition.Failed;
            if (await organizations.FindAsync(draft.SellerId, cancellationToken) is not { } seller)
                throw new InvalidOperationException($"The seller of invoice {draft.Id.Value} is gone.");
            if (!await issuing.IssueAsync(seller, draft.Id, cancellationToken))
                return InvoiceRefusals.NotADraft;

            var issued = await invoices.SingleAsync(cancellationToken);
            audit.Note("invoice", issued.Id.Value.ToString(), issued.OwnerPath, new JsonObject
            {
                ["number"] = new JsonObject { ["old"] = null, ["new"] = issued.Number },
                ["status"] = new JsonObject { ["old"] = nameof(InvoiceStatus.Draft), ["new"] = nameof(InvoiceStatus.Issued) },
            });
            return InvoiceView.Of(issued);
        }
    }

    public static void Map(IEndpointRouteBuilder invoices) => invoices
        .MapPost("/{id:guid}/issue", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Command(new InvoiceId(id)), ct))
        .Slice<Command, InvoiceView>(nameof(IssueInvoice), "Issues a drafted invoice")
        .WithMetadata(new TakesIfMatch());
}
