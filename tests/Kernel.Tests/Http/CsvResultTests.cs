using System.Text;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Http;

namespace Licensing.Kernel.Tests.Http;

public sealed class CsvResultTests
{
    private static readonly (string, Func<string, string?>)[] Columns = [("text", x => x), ("length", x => $"{x.Length}"), ("none", _ => null)];

    [Fact]
    public async Task Rows_are_RFC_4180_and_no_cell_is_a_formula() =>
        (await WrittenAsync(new CsvResult<string>(Rows(), "rows.csv", Columns))).ShouldBe(
            "text,length,none\r\n\"a,\"\"b\"\"\",5,\r\n'=1+1,4,\r\n'@x,2,\r\n-1.5,4,\r\n'-1x,3,\r\n");

    private static async IAsyncEnumerable<string> Rows()
    {
        foreach (var row in (string[])["a,\"b\"", "=1+1", "@x", "-1.5", "-1x"])
            yield return await Task.FromResult(row);
    }

    private static async Task<string> WrittenAsync(CsvResult<string> result)
    {
        using var body = new MemoryStream();
        var context = new DefaultHttpContext { Response = { Body = body } };
        await result.ExecuteAsync(context);
        context.Response.Headers.ContentDisposition.ToString().ShouldBe("attachment; filename=\"rows.csv\"");
        return Encoding.UTF8.GetString(body.ToArray());
    }
}
