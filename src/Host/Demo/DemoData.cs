using System.Globalization;
using System.Text;
using Licensing.Usage.Contracts;

namespace Licensing.Host.Demo;

/// <summary>One row of real cloud usage (FOCUS 1.0); see the README beside the file.</summary>
internal sealed record UsageRow(
    string Id, string Provider, string SubAccountId, string SubAccountName, DateTimeOffset Start, DateTimeOffset End, string Region,
    string Resource, string Service, string Quantity, string Unit, string UnitPrice, string Sku)
{
    public string Meter => DemoData.Slug(Unit);

    public string Partner => DemoData.Slug(Provider);
}

/// <summary>September 2024 as the file has it; quantities and prices stay the text they are.</summary>
internal sealed class DemoData
{
    public const string Month = "2024-09";

    private DemoData(IReadOnlyList<UsageRow> rows) => Rows = rows;

    public IReadOnlyList<UsageRow> Rows { get; }

    /// <summary>One partner per provider, in order of appearance.</summary>
    public IReadOnlyList<string> Providers => [.. Rows.Select(r => r.Provider).Distinct()];

    /// <summary>The sub-accounts: who uses, under which provider.</summary>
    public IReadOnlyList<UsageRow> Tenants => [.. Rows.DistinctBy(r => r.SubAccountId).OrderBy(r => r.SubAccountId, StringComparer.Ordinal)];

    public IReadOnlyList<UsageRow> Skus => [.. Rows.DistinctBy(r => r.Sku).OrderBy(r => r.Sku, StringComparer.Ordinal)];

    /// <summary>"GB-Months" and "GB Months" are one unit of two providers.</summary>
    public IReadOnlyList<string> Units => [.. Rows.Select(r => r.Unit).DistinctBy(Slug).Order(StringComparer.Ordinal)];

    public static DemoData Load()
    {
        using var stream = typeof(DemoData).Assembly.GetManifestResourceStream("focus-2024-09.csv")!;
        using var text = new StreamReader(stream, Encoding.UTF8);
        return new DemoData([.. FocusRow.Read(text).Select(row => new UsageRow(
            row["Id"], row["ProviderName"], row.Tenant, row["SubAccountName"], Instant(row.Start), Instant(row.End), row["RegionId"],
            row["ResourceId"], row["ServiceName"], row.Quantity, row.Unit, row["ListUnitPrice"], row.Sku))]);
    }

    public static string Slug(string name) => FocusRow.Slug(name);

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
