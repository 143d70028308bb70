using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Licensing.Doors.Reseller;
using Licensing.Kernel.Dialects;
using Microsoft.AspNetCore.Http;

namespace Licensing.Scenarios.Tests.Reseller;

/// <summary>A list of any length goes out while it is read.</summary>
public sealed class StreamTests
{
    private const int Many = 20_000;

    internal sealed record Row(int Number, string Text);

    internal sealed record RowList(IReadOnlyList<Row> Rows);

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/xml")]
    [InlineData("text/csv")]
    public async Task No_more_than_some_rows_are_held(string accept)
    {
        var sent = new MemoryStream();
        var context = ContextOf(accept, sent);
        var furthest = 0L;
        async IAsyncEnumerable<Row> RowsAsync()
        {
            for (var i = 1; i <= Many; i++)
            {
                // Each is at least ten bytes of what was sent.
                furthest = Math.Max(furthest, i - (sent.Length / 10));
                yield return new Row(i, "some <text> & more");
            }

            await Task.CompletedTask;
        }

        await new ResellerRows<RowList, Row>(RowsAsync(), "rows.csv").ExecuteAsync(context);

        furthest.ShouldBeLessThan(1_000);
        var text = Encoding.UTF8.GetString(sent.ToArray());
        (accept switch
        {
            "application/json" => JsonDocument.Parse(text).RootElement.GetProperty("Rows").GetArrayLength(),
            "application/xml" => XDocument.Parse(text).Root!.Element("Rows")!.Elements("Row")
                .Count(r => r.Element("Text")!.Value == "some <text> & more"),
            _ => text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length - 1,
        }).ShouldBe(Many);
    }

    [Fact]
    public async Task What_fails_before_the_first_row_has_sent_nothing()
    {
        var sent = new MemoryStream();
        static async IAsyncEnumerable<Row> RowsAsync()
        {
            await Task.CompletedTask;
            throw new InvalidOperationException("no rows");
#pragma warning disable CS0162
            yield break;
#pragma warning restore CS0162
        }

        await Should.ThrowAsync<InvalidOperationException>(
            () => new ResellerRows<RowList, Row>(RowsAsync(), "rows.csv").ExecuteAsync(ContextOf("application/json", sent)));
        sent.Length.ShouldBe(0);
    }

    private static DefaultHttpContext ContextOf(string accept, Stream body)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.Accept = accept;
        context.Response.Body = body;
        var dialect = new ResellerDialect();
        dialect.Json.MakeReadOnly(populateMissingResolver: true);
        context.Items[typeof(Dialect)] = dialect;
        return context;
    }
}
