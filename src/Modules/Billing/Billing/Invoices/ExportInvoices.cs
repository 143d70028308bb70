using System.Globalization;
using Licensing.Billing.Documents;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>All invoices that a list would page through, as CSV.</summary>
internal static class ExportInvoices
{
    [Needs(BillingPermissions.InvoicesRead)]
    public sealed record Query(InvoiceFilter Filter) : IQuery<Export>;

    public sealed record Export(IAsyncEnumerable<Row> Invoices);

    /// <param name="Invoice">As the list has it.</param>
    /// <param name="Partner">Whose tenant it was billed to; null where the reader stands below.</param>
    public sealed record Row(InvoiceView Invoice, OrganizationRef? Partner);

    internal sealed class Handler(InvoiceSearch search, IOrganizationDirectory organizations, Principal principal) : IQueryHandler<Query, Export>
    {
        public async Task<Result<Export>> Handle(Query query, CancellationToken cancellationToken)
        {
            if ((await search.RowsAsync(query.Filter, cancellationToken)).Refused(out var refusal, out var found))
                return refusal;
            // Before the first row: the connection is busy while they are sent.
            var partners = (await organizations.ListAsync(OrganizationKind.Partner, principal.Scope, cancellationToken)).ToDictionary(x => x.Path);
            return new Export(found.Invoices.OrderByDescending(x => x.Id).AsAsyncEnumerable().Select(x => new Row(
                InvoiceView.Of(x), partners.GetValueOrDefault(OrganizationPath.At(x.OwnerPath, OrganizationKind.Partner) ?? ""))));
        }
    }

    public static async Task<IResult> SendAsync(InvoiceFilter filter, ISender sender, CancellationToken ct) =>
        (await sender.Send(new Query(filter), ct)).Refused(out var refusal, out var export)
            ? new RefusedResult(refusal)
            : new CsvResult<Row>(export.Invoices, "invoices.csv", Columns);

    private static IReadOnlyList<(string Name, Func<Row, string?> Cell)> Columns { get; } =
    [
        ("id", x => x.Invoice.Id.Value.ToString()),
        ("number", x => x.Invoice.Number),
        ("status", x => x.Invoice.Status.ToString()),
        ("tenantId", x => x.Invoice.TenantId.Value.ToString()),
        ("sellerId", x => x.Invoice.SellerId.Value.ToString()),
        ("start", x => DocumentCsv.Day(x.Invoice.Period.Start)),
        ("end", x => DocumentCsv.Day(x.Invoice.Period.End)),
        ("currency", x => x.Invoice.Net.Currency.Code),
        ("net", x => x.Invoice.Net.ToAmountString()),
        ("tax", x => x.Invoice.Tax.ToAmountString()),
        ("total", x => x.Invoice.Total.ToAmountString()),
        ("paid", x => x.Invoice.Paid.ToAmountString()),
        ("credited", x => x.Invoice.Credited.ToAmountString()),
        ("open", x => x.Invoice.Open.ToAmountString()),
        ("issuedAt", x => x.Invoice.IssuedAt?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
        ("dueOn", x => x.Invoice.DueOn is { } day ? DocumentCsv.Day(day) : null),
        ("lines", x => x.Invoice.LineCount.ToString(CultureInfo.InvariantCulture)),
        ("kind", x => x.Invoice.Kind.ToString()),
        ("partnerId", x => x.Partner?.Id.Value.ToString()),
        ("partnerExternalId", x => x.Partner?.ExternalId),
    ];
}
