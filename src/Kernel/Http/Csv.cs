using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using Microsoft.AspNetCore.Http;
using IHttpResult = Microsoft.AspNetCore.Http.IResult;

namespace Licensing.Kernel.Http;

/// <summary>Rows as RFC 4180 text, streamed, so that an answer of any length costs the same memory.</summary>
/// <param name="rows">Read while they are written.</param>
/// <param name="fileName">Under which a browser keeps them.</param>
/// <param name="columns">In their order, each with its name in the header and the cell of a row.</param>
public sealed class CsvResult<T>(
    IAsyncEnumerable<T> rows, string fileName, IReadOnlyList<(string Name, Func<T, string?> Cell)> columns) : IHttpResult
{
    private const int RowsPerFlush = 500;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await using var row = rows.GetAsyncEnumerator(httpContext.RequestAborted);
        // Before anything is sent: what fails here is answered as elsewhere.
        var more = await row.MoveNextAsync();
        httpContext.Response.ContentType = "text/csv; charset=utf-8; header=present";
        httpContext.Response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
        var format = new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\r\n" };
        await using var csv = new CsvWriter(new StreamWriter(httpContext.Response.Body, leaveOpen: true), format);
        foreach (var (name, _) in columns)
            csv.WriteField(name);
        await csv.NextRecordAsync();
        for (var written = 1; more; more = await row.MoveNextAsync(), written++)
        {
            foreach (var (_, cell) in columns)
                csv.WriteField(Harmless(cell(row.Current)));
            await csv.NextRecordAsync();
            if (written % RowsPerFlush == 0)
                await csv.FlushAsync();
        }
    }

    // What a spreadsheet would take for a formula is made text; numbers stay numbers, also below zero.
    private static string? Harmless(string? cell) => cell is ['=' or '+' or '-' or '@' or '\t' or '\r', ..]
        && !decimal.TryParse(cell, NumberStyles.Number, CultureInfo.InvariantCulture, out _) ? "'" + cell : cell;
}

public static class CsvRequests
{
    extension(HttpRequest request)
    {
        /// <summary>Whether the caller wants CSV rather than JSON.</summary>
        public bool WantsCsv => request.GetTypedHeaders().Accept is { Count: > 0 } accepted
            && accepted.OrderByDescending(a => a.Quality ?? 1).First().MediaType.Equals("text/csv", StringComparison.OrdinalIgnoreCase);
    }
}
