using System.Globalization;
using Licensing.Billing.Data;
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

    public sealed record Export(IAsyncEnumerable<InvoiceView> Invoices);

    internal sealed class Handler(BillingDb db, IOrganizationDirectory organizations, Principal principal) : IQueryHandler<Query, Export>
    {
        public async Task<Result<Export>> Handle(Query query, CancellationToken cancellationToken) =>
            (await query.Filter.RowsAsync(db.Invoices.AsNoTracking(), organizations, principal.Scope, cancellationToken))
                .Refused(out var refusal, out var found)
                ? refusal
                : new Export(found.Invoices.OrderByDescending(x => x.Id).Select(InvoiceView.Projection).AsAsyncEnumerable());
    }

    public static async Task<IResult> SendAsync(InvoiceFilter filter, ISender sender, CancellationToken ct) =>
        (await sender.Send(new Query(filter), ct)).Refused(out var refusal, out var export)
            ? new RefusedResult(refusal)
            : new CsvResult<InvoiceView>(export.Invoices, "invoices.csv", Columns);

    private static IReadOnlyList<(string Name, Func<InvoiceView, string?> Cell)> Columns { get; } =
    [
        ("id", x => x.Id.Value.ToString()),
        ("number", x => x.Number),
        ("status", x => x.Status.ToString()),
        ("tenantId", x => x.TenantId.Value.ToString()),
        ("sellerId", x => x.SellerId.Value.ToString()),
        ("start", x => DocumentCsv.Day(x.Period.Start)),
        ("end", x => DocumentCsv.Day(x.Period.End)),
        ("currency", x => x.Net.Currency.Code),
        ("net", x => x.Net.ToAmountString()),
        ("tax", x => x.Tax.ToAmountString()),
        ("total", x => x.Total.ToAmountString()),
        ("paid", x => x.Paid.ToAmountString()),
        ("credited", x => x.Credited.ToAmountString()),
        ("open", x => x.Open.ToAmountString()),
        ("issuedAt", x => x.IssuedAt?.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
        ("dueOn", x => x.DueOn is { } day ? DocumentCsv.Day(day) : null),
        ("lines", x => x.LineCount.ToString(CultureInfo.InvariantCulture)),
        ("kind", x => x.Kind.ToString()),
    ];
}
