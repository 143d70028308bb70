using System.Globalization;
using Licensing.Kernel.Http;

namespace Licensing.Billing.Documents;

/// <summary>The lines of a document as CSV, with how they were reached in one readable cell.</summary>
internal static class DocumentCsv
{
    public static CsvResult<DocumentLine> Of(OpenedDocument opened)
    {
        var document = opened.Document;
        return new CsvResult<DocumentLine>(
            opened.Lines, SentDocument.FileName(document, "csv"),
            [
                ("document", _ => document.Number),
                ("position", x => x.Position.ToString(CultureInfo.InvariantCulture)),
                ("invoicePosition", x => x.InvoicePosition?.ToString(CultureInfo.InvariantCulture)),
                ("description", x => x.Description),
                ("sku", x => x.Sku),
                ("start", x => Day(x.Days.Start)),
                ("end", x => Day(x.Days.End)),
                ("days", x => x.Days.Days.ToString(CultureInfo.InvariantCulture)),
                ("periodDays", x => x.PeriodDays.ToString(CultureInfo.InvariantCulture)),
                ("quantity", x => x.Quantity.ToString()),
                ("gross", x => x.Gross.ToAmountString()),
                ("allowance", x => x.Allowance.ToAmountString()),
                ("net", x => x.Net.ToAmountString()),
                ("tax", x => x.Tax.ToAmountString()),
                ("taxCategory", x => x.TaxCategory),
                ("taxPercent", x => x.TaxPercent is { } percent ? DecimalStrings.Of(percent) : null),
                ("currency", _ => document.Currency.Code),
                ("adjusts", x => x.Adjustment is { } adjustment ? adjustment.Month.Start.ToString("yyyy-MM", CultureInfo.InvariantCulture) : null),
                ("due", x => x.Adjustment?.Due.ToAmountString()),
                ("billedBefore", x => x.Adjustment?.Before.ToAmountString()),
                ("aheadOf", x => x.AheadOf?.ToString("yyyy-MM", CultureInfo.InvariantCulture)),
                ("steps", x => string.Join("; ", DocumentText.English.Steps(x))),
            ]);
    }

    public static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
