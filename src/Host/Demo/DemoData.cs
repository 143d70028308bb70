using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

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
        using var csv = new CsvReader(new StreamReader(stream, Encoding.UTF8), new CsvConfiguration(CultureInfo.InvariantCulture));
        csv.Read();
        csv.ReadHeader();
        var rows = new List<UsageRow>();
        while (csv.Read())
        {
            string Field(string name) => csv.GetField(name) ?? "";
            rows.Add(new UsageRow(
                Field("Id"), Field("ProviderName"), Field("SubAccountId"), Field("SubAccountName"),
                Instant(Field("ChargePeriodStart")), Instant(Field("ChargePeriodEnd")), Field("RegionId"), Field("ResourceId"),
                Field("ServiceName"), Field("PricingQuantity"), Field("PricingUnit"), Field("ListUnitPrice"),
                // One list price per SkuPriceId; where a provider has none, per SkuId and unit.
                Field("SkuPriceId") is { Length: > 0 } price ? price : $"{Field("SkuId")}/{Field("PricingUnit")}"));
        }

        return new DemoData(rows);
    }

    /// <summary>"GB-Months" → "gb-months", "GB/Month" → "gb-per-month": keys for what the data only names.</summary>
    public static string Slug(string name) =>
        new([.. name.ToLowerInvariant().Replace("/", "-per-", StringComparison.Ordinal).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);

    private static DateTimeOffset Instant(string text) =>
        DateTimeOffset.ParseExact(text, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
