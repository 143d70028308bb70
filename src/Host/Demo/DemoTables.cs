using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Licensing.Host.Demo;

/// <summary>The month at a glance, for a person at a terminal.</summary>
internal static class DemoTables
{
    private const int TopTenants = 10;
    private const int LongestId = 12;
    private const int FileWidth = 120;

    public static void Write(IAnsiConsole console, DemoResult result)
    {
        // A file has no width; a table in it should not be broken to that of a terminal that is not there.
        if (!console.Profile.Out.IsTerminal)
            console.Profile.Width = FileWidth;
        console.Write(Invoices(result));
        console.Write(Tenants(result));
        console.Write(Statements(result));
    }

    private static Table Invoices(DemoResult result)
    {
        var table = Titled($"Invoices of {DemoData.Month} per partner", "Partner", "Invoices", "Net", "Tax", "Total");
        foreach (var group in result.Partners)
            table.AddRow(Name(group), group["invoices"]!.ToString(), Amount(group["net"]), Amount(group["tax"]), Amount(group["total"]));
        table.ShowFooters = true;
        table.Columns[0].Footer("Sum");
        table.Columns[1].Footer(result.Invoices.ToString());
        foreach (var (column, field) in new[] { (2, "net"), (3, "tax"), (4, "total") })
            table.Columns[column].Footer(result.Partners.Sum(g => Number(g[field])).ToString("N2"));
        return table;
    }

    private static Table Tenants(DemoResult result)
    {
        var table = Titled($"Top {TopTenants} tenants", "Tenant", "Usage, unrounded", "Net", "Tax", "Total");
        foreach (var group in result.Tenants.OrderByDescending(g => Number(g["total"])).Take(TopTenants))
            table.AddRow(Name(group), group["usageExact"]!.GetValue<string>(), Amount(group["net"]), Amount(group["tax"]), Amount(group["total"]));
        return table;
    }

    private static Table Statements(DemoResult result)
    {
        var table = Titled("Commission statements", "Organisation", "Kind", "Basis", "Commission", "Currency");
        foreach (var statement in result.Statements.OrderBy(s => s["kind"]!.GetValue<string>(), StringComparer.Ordinal)
            .ThenByDescending(s => Number(s["commission"])))
            table.AddRow(
                Markup.Escape(statement["externalId"]!.GetValue<string>()), statement["kind"]!.GetValue<string>(), Amount(statement["basis"]),
                Amount(statement["commission"]), statement["commission"]!["currency"]!.GetValue<string>());
        table.ShowFooters = true;
        table.Columns[0].Footer("Sum");
        table.Columns[3].Footer(result.Statements.Sum(s => Number(s["commission"])).ToString("N2"));
        return table;
    }

    private static Table Titled(string title, string first, params string[] numbers)
    {
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(title)).AddColumn(first);
        foreach (var number in numbers)
            table.AddColumn(new TableColumn(number).RightAligned());
        return table;
    }

    private static string Name(JsonObject group)
    {
        var externalId = group["externalId"]!.GetValue<string>();
        return Markup.Escape($"{group["name"]} ({(externalId.Length > LongestId ? $"…{externalId[^LongestId..]}" : externalId)})");
    }

    private static string Amount(JsonNode? money) => Number(money).ToString("N2");

    private static decimal Number(JsonNode? money) => decimal.Parse(money!["amount"]!.GetValue<string>(), CultureInfo.InvariantCulture);
}
