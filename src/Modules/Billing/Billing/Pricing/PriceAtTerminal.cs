using System.Text.Json;
using Licensing.Kernel.Http;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Billing.Pricing;

/// <summary><c>ops price FILE|-</c>: the calculator at the terminal, with the body of its route as input and its steps as a table.</summary>
internal static class PriceAtTerminal
{
    private const string File = "file";
    private const int MostBytes = 1024 * 1024;

    /// <summary>A line, one of its steps, or a total.</summary>
    public sealed record Row(
        string Line, string Quantity, string From, string To, string UnitPrice, string FlatFee, string Amount, string Net, string Tax);

    public static OpsCommand Ops { get; } = new(
        "price", "Shows what something would cost and how that is reached, from the JSON of POST /api/v1/pricing/calculate.",
        [new(File, "Where the JSON is; - reads standard input.", OpsArgumentKind.Required)],
        async (call, ct) =>
        {
            if ((await ReadAsync(call[File]!, ct)).Refused(out var refusal, out var query))
                return refusal;
            if ((await call.Services.GetRequiredService<ISender>().Send(query, ct)).Refused(out refusal, out var price))
                return Named(refusal);
            return new OpsAnswer(call.Has("--json") ? price : Rows(price));
        });

    private static async Task<Result<CalculatePrice.Query>> ReadAsync(string file, CancellationToken ct)
    {
        try
        {
            await using var input = file == "-" ? Console.OpenStandardInput() : System.IO.File.OpenRead(file);
            using var body = new MemoryStream();
            var buffer = new byte[16 * 1024];
            for (int read; (read = await input.ReadAsync(buffer, ct)) > 0;)
            {
                body.Write(buffer, 0, read);
                if (body.Length > MostBytes)
                    return OpsCall.Wrong($"{file} is larger than {MostBytes} bytes.");
            }

            return JsonSerializer.Deserialize<CalculatePrice.Query>(body.GetBuffer().AsSpan(0, (int)body.Length), ApiJson.Options) is { } query
                ? query
                : OpsCall.Wrong($"{file} must hold an object.");
        }
        catch (JsonException malformed)
        {
            return OpsCall.Wrong($"{file} cannot be read at {malformed.Path ?? "$"}: {malformed.Message.ReplaceLineEndings(" ")}");
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            return OpsCall.Wrong($"{file} cannot be opened: {missing.Message}");
        }
    }

    // A terminal shows messages alone; without its pointer one would not say of which charge it is.
    private static Refusal Named(Refusal refusal) => refusal with
    {
        Fields = [.. refusal.Fields.Select(field => field with { Message = $"{field.Pointer}: {field.Message}" })],
    };

    private static List<Row> Rows(CalculatePrice.PriceView price)
    {
        var rows = new List<Row>();
        foreach (var line in price.Lines)
        {
            rows.Add(new Row(line.Name, line.Quantity, "", "", "", "", "", line.Net, line.Tax));
            rows.AddRange(line.Steps.Select(step =>
                new Row("", step.Quantity, step.From, step.To ?? "*", step.UnitPrice, step.FlatFee, step.Amount, "", "")));
        }

        rows.Add(new Row("Minimum commitment", "", "", "", "", "", price.TrueUp, "", ""));
        rows.Add(new Row("Coupons", "", "", "", "", "", Off(price.Discount), "", ""));
        rows.Add(new Row($"Total {price.Total} {price.Currency}", "", "", "", "", "", "", price.Net, price.Tax));
        return rows;
    }

    private static string Off(string amount) => amount.Trim('0', '.').Length == 0 ? amount : "-" + amount;
}
