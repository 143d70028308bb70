using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Kernel.Http;
using Spectre.Console;

namespace Licensing.Host.Ops;

/// <summary>What a command answered, as a table for people or as JSON for scripts.</summary>
internal static class OpsOutput
{
    private static readonly JsonSerializerOptions Indented = new(ApiJson.Options) { WriteIndented = true };

    public static void Write(object answer, bool json, TextWriter output)
    {
        var node = JsonSerializer.SerializeToNode(answer, ApiJson.Options);
        if (json)
        {
            output.WriteLine(node?.ToJsonString(Indented) ?? "null");
            return;
        }

        switch (node)
        {
            case JsonArray { Count: 0 }:
                output.WriteLine("Nothing.");
                break;
            case JsonArray rows when rows[0] is JsonObject first:
                Write(Table([.. first.Select(p => p.Key)], rows.OfType<JsonObject>().Select(row => row.Select(p => Cell(p.Value)))), output);
                break;
            case JsonObject fields:
                Write(Table(["", " "], fields.Select(p => (string[])[p.Key, Cell(p.Value)])).HideHeaders(), output);
                break;
            default:
                output.WriteLine(Cell(node));
                break;
        }
    }

    private static Table Table(string[] columns, IEnumerable<IEnumerable<string>> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column)).NoWrap());
        foreach (var row in rows)
            table.AddRow(row.Select(cell => new Text(cell)));
        return table;
    }

    private static void Write(Table table, TextWriter output)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No });
        // Into a pipe a line is as long as it needs to be; on a terminal it is folded.
        if (Console.IsOutputRedirected)
            console.Profile.Width = 10_000;
        console.Write(table);
    }

    private static string Cell(JsonNode? value) => value switch
    {
        null => "",
        JsonValue text when text.TryGetValue<string>(out var plain) => plain,
        _ => value.ToJsonString(ApiJson.Options),
    };
}
