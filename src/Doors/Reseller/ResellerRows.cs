using System.Globalization;
using System.Text.Json;
using System.Xml;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;
using IHttpResult = Microsoft.AspNetCore.Http.IResult;

namespace Licensing.Doors.Reseller;

/// <summary>
/// A list that may be of any length, as XML, JSON or CSV, read while it is sent: it costs the same memory however long it is. Its reading is a
/// part of the call's time; what fails before the first row is answered as elsewhere, later the connection ends.
/// </summary>
internal sealed class ResellerRows<TView, TRow>(IAsyncEnumerable<TRow> rows, string fileName)
    : IHttpResult, ResellerMethods.IStreamed where TRow : notnull
{
    private const int RowsPerFlush = 200;

    private static readonly string List = typeof(TView).GetProperties().Single(p => p.PropertyType == typeof(IReadOnlyList<TRow>)).Name;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.Vary = "Accept";
        switch (ResellerAccept.Of(httpContext.Request, csv: true))
        {
            case ResellerForm.Csv:
                await new CsvResult<TRow>(rows, fileName, ColumnsOf(httpContext.Dialect.Json)).ExecuteAsync(httpContext);
                break;
            case ResellerForm.Json:
                await SendAsync(httpContext, "application/json; charset=utf-8", buffer => new JsonForm(buffer, httpContext.Dialect.Json));
                break;
            default:
                await SendAsync(httpContext, "application/xml; charset=utf-8", buffer => new XmlForm(buffer, httpContext.Dialect.Json));
                break;
        }

        ResellerBudget.Decided(httpContext);
    }

    private async Task SendAsync(HttpContext context, string contentType, Func<Stream, IForm> begun)
    {
        var ct = context.RequestAborted;
        await using var row = rows.GetAsyncEnumerator(ct);
        var more = await row.MoveNextAsync();
        context.Response.ContentType = contentType;
        var buffer = new MemoryStream();
        using var form = begun(buffer);
        for (var written = 1; more; more = await row.MoveNextAsync(), written++)
        {
            form.Write(row.Current);
            if (written % RowsPerFlush == 0)
                await SendAsync();
        }

        form.End();
        await SendAsync();

        async Task SendAsync()
        {
            form.Flush();
            await context.Response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), ct);
            await context.Response.Body.FlushAsync(ct);
            buffer.SetLength(0);
        }
    }

    private static List<(string Name, Func<TRow, string?> Cell)> ColumnsOf(JsonSerializerOptions json) =>
    [
        .. json.GetTypeInfo(typeof(TRow)).Properties.OrderBy(p => p.Order).Select(p => (p.Name, (Func<TRow, string?>)(x => p.Get!(x) switch
        {
            DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
            var value => value?.ToString(),
        }))),
    ];

    private interface IForm : IDisposable
    {
        void Write(TRow row);

        void Flush();

        void End();
    }

    private sealed class JsonForm : IForm
    {
        private readonly Utf8JsonWriter _writer;
        private readonly JsonSerializerOptions _json;

        public JsonForm(Stream buffer, JsonSerializerOptions json)
        {
            (_writer, _json) = (new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = json.Encoder }), json);
            _writer.WriteStartObject();
            _writer.WriteStartArray(List);
        }

        public void Write(TRow row) => JsonSerializer.Serialize(_writer, row, _json);

        public void Flush() => _writer.Flush();

        public void End()
        {
            _writer.WriteEndArray();
            _writer.WriteEndObject();
        }

        public void Dispose() => _writer.Dispose();
    }

    private sealed class XmlForm : IForm
    {
        private readonly XmlWriter _writer;
        private readonly JsonSerializerOptions _json;

        public XmlForm(Stream buffer, JsonSerializerOptions json)
        {
            (_writer, _json) = (XmlWriter.Create(buffer, ResellerXml.Settings), json);
            _writer.WriteStartElement(ResellerXml.NameOf(typeof(TView)));
            _writer.WriteStartElement(List);
        }

        public void Write(TRow row) => ResellerXml.Write(
            _writer, ResellerXml.NameOf(typeof(TRow)), JsonSerializer.SerializeToNode(row, _json), _json.GetTypeInfo(typeof(TRow)), _json);

        public void Flush() => _writer.Flush();

        public void End()
        {
            _writer.WriteEndElement();
            _writer.WriteEndElement();
        }

        public void Dispose() => _writer.Dispose();
    }
}
