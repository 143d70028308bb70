using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using CsvHelper;
using CsvHelper.Configuration;
using Licensing.Kernel;

namespace Licensing.Usage.Contracts;

/// <summary>
/// A row of a file in the columns of FOCUS 1.x (FinOps Open Cost and Usage Specification), and what each column becomes of a usage record.
/// The guide is <c>docs/guides/focus.md</c>.
/// </summary>
public sealed partial class FocusRow
{
    private static readonly CsvConfiguration Format = new(CultureInfo.InvariantCulture) { BadDataFound = null };

    private const int MostExponent = 40;

    // ISO 8601, with a space as spreadsheets write it: of 01/02/2026 nobody knows which is the month.
    private static readonly string[] Instants =
    [
        .. from day in (string[])["yyyy-MM-dd'T'", "yyyy-MM-dd' '"]
           from time in (string[])["HH:mm", "HH:mm:ss", "HH:mm:ss.FFFFFFF"]
           from zone in (string[])["", "K", "' 'K", "' UTC'"]
           select day + time + zone,
        "yyyy-MM-dd",
    ];

    private static readonly string[] RestatedEndings = ["Cost", "UnitPrice", "Name", "Currency"];

    private static readonly HashSet<string> Restated =
        ["InvoiceId", "InvoiceDetailId", "Tags", "ChargeDescription", "CommitmentDiscountStatus", "CapacityReservationStatus", "x_Estimated"];

    private readonly IReadOnlyDictionary<string, int> _columns;
    private readonly string[] _cells;

    private FocusRow(IReadOnlyDictionary<string, int> columns, string[] cells, long number) => (_columns, _cells, Number) = (columns, cells, number);

    /// <summary>Columns without which no row is usage; of quantity and unit one pair suffices.</summary>
    public static IReadOnlyList<string> Needed { get; } = ["SubAccountId", "ChargePeriodStart", "ChargePeriodEnd"];

    /// <summary>As a spreadsheet numbers rows: the header is 1.</summary>
    public long Number { get; }

    /// <summary>A cell as it is written; empty where there is no such column.</summary>
    /// <param name="column">Its name in the header.</param>
    public string this[string column] => _columns.TryGetValue(column, out var at) && at < _cells.Length ? _cells[at] : "";

    /// <summary>
    /// Only usage is imported: purchases, taxes, credits and adjustments are money, and so is a correction without a quantity. A file without the
    /// column has nothing else.
    /// </summary>
    public bool IsUsage => this["ChargeCategory"] is "" or "Usage"
        && (this["ChargeClass"] != "Correction" || this["PricingQuantity"].Length + this["ConsumedQuantity"].Length > 0);

    /// <summary>The tenant's external id.</summary>
    public string Tenant => this["SubAccountId"];

    /// <summary>The subscription, as our own exports name it; null where none is named.</summary>
    public Guid? Subscription => Guid.TryParseExact(this["x_SubscriptionId"], "D", out var id) ? id : null;

    /// <summary>What is priced; a provider's consumed quantity where it names no other.</summary>
    public string Unit => this["PricingQuantity"].Length > 0 ? this["PricingUnit"] : this["ConsumedUnit"];

    /// <summary>Without exponent where it can be written so; what is no number stays as it is and is refused as any record's would be.</summary>
    public string Quantity => Plain(this["PricingQuantity"] is { Length: > 0 } priced ? priced : this["ConsumedQuantity"]);

    /// <summary>The meter's key: as our own exports name it, else made of the unit.</summary>
    public string Meter => this["x_Meter"] is { Length: > 0 } key ? key : Slug(Unit);

    /// <summary>One list price per SkuPriceId; where a provider has none, per SkuId and unit.</summary>
    public string Sku => this["SkuPriceId"] is { Length: > 0 } price ? price : $"{this["SkuId"]}/{this["PricingUnit"]}";

    /// <summary>RFC 3339.</summary>
    public string Start => Instant(this["ChargePeriodStart"]);

    /// <summary>RFC 3339.</summary>
    public string End => Instant(this["ChargePeriodEnd"]);

    /// <summary>
    /// The record's id, made of all that the row says of the usage, whatever the order of its columns: the same usage is the same record however
    /// often and in whichever file it comes. What a provider fills in or restates when he invoices (costs, prices, invoices, names, tags) is no part
    /// of it; a quantity is.
    /// </summary>
    public string RecordId
    {
        get
        {
            var text = new StringBuilder();
            foreach (var (name, at) in _columns.OrderBy(c => c.Key, StringComparer.Ordinal))
                if (at < _cells.Length && _cells[at].Length > 0 && !IsRestated(name))
                    text.Append(name).Append('\0').Append(Said(name, _cells[at])).Append('\0');
            return "focus-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
        }
    }

    // A spreadsheet that saves the file writes times and numbers in its own way, and means the same.
    private static string Said(string column, string cell) => column switch
    {
        "PricingQuantity" or "ConsumedQuantity" => Exact.TryParse(Plain(cell), out var quantity) ? quantity.ToString() : cell,
        "ChargePeriodStart" or "ChargePeriodEnd" or "BillingPeriodStart" or "BillingPeriodEnd" => Instant(cell),
        _ => cell,
    };

    private static bool IsRestated(string column) =>
        Restated.Contains(column) || RestatedEndings.Any(ending => column.EndsWith(ending, StringComparison.Ordinal));

    /// <summary>The rows one by one, while they are read.</summary>
    /// <param name="text">CSV with a header.</param>
    public static IEnumerable<FocusRow> Read(TextReader text)
    {
        using var csv = new CsvParser(text, Format);
        if (!csv.Read())
            yield break;
        var columns = new Dictionary<string, int>(StringComparer.Ordinal);
        var header = csv.Record!;
        for (var i = 0; i < header.Length; i++)
            columns.TryAdd(header[i].Trim().TrimStart('\uFEFF'), i);
        for (long number = 2; csv.Read(); number++)
            yield return new FocusRow(columns, [.. csv.Record!], number);
    }

    /// <summary>Columns that a file lacks; none where it can be read.</summary>
    public IEnumerable<string> Missing()
    {
        foreach (var name in Needed.Where(name => !_columns.ContainsKey(name)))
            yield return name;
        if (!_columns.ContainsKey("PricingQuantity") && !_columns.ContainsKey("ConsumedQuantity"))
            yield return "PricingQuantity";
        if (!_columns.ContainsKey("SkuPriceId") && !_columns.ContainsKey("SkuId"))
            yield return "SkuPriceId";
    }

    /// <summary>"GB-Months" → "gb-months", "GB/Month" → "gb-per-month": keys for what the data only names.</summary>
    /// <param name="name">For people.</param>
    public static string Slug(string name) =>
        new([.. name.ToLowerInvariant().Replace("/", "-per-", StringComparison.Ordinal).Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);

    // Never through a number: what it cannot hold would be rounded. More digits than a quantity may have are refused as any record's would be.
    private static string Plain(string number)
    {
        if (DecimalStrings.IsValid(number) || Exponential().Match(number) is not { Success: true } parts
            || !int.TryParse(parts.Groups["e"].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)
            || Math.Abs(exponent) > MostExponent)
            return number;
        var digits = parts.Groups["whole"].Value + parts.Groups["part"].Value;
        var point = parts.Groups["whole"].Length + exponent;
        digits = digits.PadLeft(digits.Length + Math.Max(0, 1 - point), '0').PadRight(Math.Max(0, point), '0');
        point = Math.Max(1, point);
        var whole = digits[..point].TrimStart('0');
        var part = digits[point..].TrimEnd('0');
        return $"{parts.Groups["sign"].Value}{(whole.Length > 0 ? whole : "0")}{(part.Length > 0 ? "." + part : "")}";
    }

    [GeneratedRegex(
        @"^(?<sign>-?)(?<whole>[0-9]{1,40})(\.(?<part>[0-9]{0,40}))?[eE](?<e>[+-]?[0-9]{1,3})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Exponential();

    private static string Instant(string text) =>
        DateTimeOffset.TryParseExact(
            text, Instants, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture)
            : text;
}
