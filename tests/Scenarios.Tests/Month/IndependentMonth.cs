using System.Globalization;
using System.Numerics;

namespace Licensing.Scenarios.Tests.Month;

/// <summary>
/// The month computed straight from the file, with integers of a fixed scale and no code shared with the product: what the product's
/// totals are held against.
/// </summary>
internal sealed class IndependentMonth
{
    // 15 digits of a quantity and 12 of a price at most, and room for dividing by 30 days.
    private const int Scale = 40;
    private static readonly BigInteger One = BigInteger.Pow(10, Scale);
    private static readonly BigInteger Cent = BigInteger.Pow(10, Scale - 2);

    public Dictionary<string, BigInteger> UsageExact { get; } = [];

    /// <summary>Cents.</summary>
    public Dictionary<string, BigInteger> Net { get; } = [];

    public Dictionary<string, BigInteger> Tax { get; } = [];

    /// <summary>Tenant → its provider.</summary>
    public Dictionary<string, string> Provider { get; } = [];

    public int Records { get; private set; }

    public static IndependentMonth Load()
    {
        var month = new IndependentMonth();
        var lines = new Dictionary<(string, string, string), BigInteger>();
        foreach (var row in Rows())
        {
            month.Records++;
            var tenant = row["SubAccountId"];
            var sku = row["SkuPriceId"].Length > 0 ? row["SkuPriceId"] : row["SkuId"] + " " + row["PricingUnit"];
            var amount = Times(row["PricingQuantity"], row["ListUnitPrice"]);
            month.Provider[tenant] = row["ProviderName"];
            month.UsageExact[tenant] = month.UsageExact.GetValueOrDefault(tenant) + amount;
            var line = (tenant, sku, row["RegionId"]);
            lines[line] = lines.GetValueOrDefault(line) + amount;
        }

        foreach (var ((tenant, _, _), amount) in lines)
            month.Net[tenant] = month.Net.GetValueOrDefault(tenant) + Cents(amount);

        var tenants = month.UsageExact.Keys.Order(StringComparer.Ordinal).ToList();
        for (var i = 0; i < tenants.Count; i += 8)
        {
            // Seats at 10.00 and a fee of 25.00 a month, from the (1 + 3n)th on: the rest of the 30 days.
            var days = 30 - i / 8 * 3;
            month.Net[tenants[i]] += Cents((5 + i / 8) * 10 * days * One / 30) + Cents(25 * days * One / 30);
        }

        foreach (var (tenant, net) in month.Net)
            month.Tax[tenant] = Cents(net * Cent * month.Provider[tenant] switch { "AWS" => 0, "Microsoft" => 19, _ => 20 } / 100);
        return month;
    }

    /// <summary>"12.3400" → the scaled integer.</summary>
    public static BigInteger Scaled(string text)
    {
        var parts = text.Split('.');
        var fraction = parts.Length > 1 ? parts[1] : "";
        return BigInteger.Parse(parts[0] + fraction, CultureInfo.InvariantCulture) * BigInteger.Pow(10, Scale - fraction.Length);
    }

    /// <summary>Half away from zero.</summary>
    public static BigInteger Cents(BigInteger scaled) => (BigInteger.Abs(scaled) + Cent / 2) / Cent * scaled.Sign;

    private static BigInteger Times(string quantity, string price)
    {
        var product = Scaled(quantity) * Scaled(price);
        (product % One).ShouldBe(BigInteger.Zero, "the scale must hold every digit");
        return product / One;
    }

    private static IEnumerable<Dictionary<string, string>> Rows()
    {
        var lines = File.ReadAllLines(Path.Combine(Checkout.Folder, "src", "Host", "Demo", "focus-2024-09.csv"));
        var names = lines[0].Split(',');
        return lines.Skip(1).Select(line => names.Zip(Fields(line)).ToDictionary(x => x.First, x => x.Second));
    }

    private static List<string> Fields(string line)
    {
        var (fields, field, quoted) = (new List<string>(), "", false);
        foreach (var c in line)
            switch (c)
            {
                case '"':
                    quoted = !quoted;
                    break;
                case ',' when !quoted:
                    fields.Add(field);
                    field = "";
                    break;
                default:
                    field += c;
                    break;
            }

        fields.Add(field);
        return fields;
    }
}
