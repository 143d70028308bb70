using CsvHelper;
using Licensing.Kernel.Http;

namespace Licensing.Catalog.Pricing;

/// <summary>Items written row by row as they are read, so that a list of any length costs the same memory.</summary>
internal sealed class PriceCsvResult(IAsyncEnumerable<PriceListItemView> items, string fileName, int version) : IResult
{
    private const int RowsPerFlush = 500;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, ct) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = "text/csv; charset=utf-8; header=present";
        response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
        // The list's own, so that an import can say which state it was made from.
        response.Headers.ETag = Precondition.TagOf(version);
        await using var text = new StreamWriter(response.Body, leaveOpen: true);
        await using var csv = new CsvWriter(text, PriceCsv.Write, leaveOpen: true);
        foreach (var column in PriceCsv.Columns)
            csv.WriteField(column.Name);
        await csv.NextRecordAsync();
        var written = 0;
        await foreach (var item in items.WithCancellation(ct))
        {
            foreach (var column in PriceCsv.Columns)
                csv.WriteField(PriceCsv.Escape(column.Write(item)));
            await csv.NextRecordAsync();
            if (++written % RowsPerFlush == 0)
                await csv.FlushAsync();
        }
    }
}
