using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using Microsoft.AspNetCore.Http;
using IHttpResult = Microsoft.AspNetCore.Http.IResult;

namespace Licensing.Kernel.Http;

/// <summary>
/// Rows as RFC 4180 text, streamed, so that an answer of any length costs the same memory. A property of <typeparamref name="T"/> is a
/// column; a cell that a spreadsheet would take for a formula is made text.
/// </summary>
public sealed class CsvResult<T>(IAsyncEnumerable<T> rows, string fileName) : IHttpResult
{
    private const int RowsPerFlush = 500;

    private static readonly CsvConfiguration Format = new(CultureInfo.InvariantCulture)
    {
        NewLine = "\r\n",
        InjectionOptions = InjectionOptions.Escape,
    };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, ct) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = "text/csv; charset=utf-8; header=present";
        response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
        await using var text = new StreamWriter(response.Body, leaveOpen: true);
        await using var csv = new CsvWriter(text, Format, leaveOpen: true);
        csv.Context.RegisterClassMap(new Columns());
        csv.WriteHeader<T>();
        await csv.NextRecordAsync();
        var written = 0;
        await foreach (var row in rows.WithCancellation(ct))
        {
            csv.WriteRecord(row);
            await csv.NextRecordAsync();
            if (++written % RowsPerFlush == 0)
                await csv.FlushAsync();
        }
    }

    private sealed class Columns : ClassMap<T>
    {
        public Columns()
        {
            AutoMap(Format);
            foreach (var column in MemberMaps)
            {
                column.Data.Names.Clear();
                column.Data.Names.Add(System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(column.Data.Member!.Name));
                // The round-trip form, as in the API's JSON.
                column.Data.TypeConverterOptions.Formats = column.Data.Member is System.Reflection.PropertyInfo { PropertyType: var type } && (Nullable.GetUnderlyingType(type) ?? type) == typeof(DateTimeOffset)
                    ? ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'"]
                    : column.Data.TypeConverterOptions.Formats;
            }
        }
    }
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
