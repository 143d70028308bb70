using System.Text.Json;
using System.Text.RegularExpressions;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Plans;
using Licensing.Kernel.Http;

namespace Licensing.Catalog.Pricing;

/// <summary>
/// The items of a list as CSV, the same in both directions: what the export writes, the import reads back without a change. Tiers stand in
/// one cell, <c>upTo:unitPrice:flatFee</c> parted by semicolons, the open one with <c>*</c>: <c>10:2.5:0;*:1:0</c>; those of a stairstep as
/// <c>upTo:price</c>.
/// </summary>
internal static partial class PriceCsv
{
    public const string Sku = "sku", Meter = "meter", Name = "name", Model = "model";
    private const string OpenEnd = "*";

    private static readonly Dictionary<string, PriceModel> Models =
        Enum.GetValues<PriceModel>().ToDictionary(m => NameOf(m), StringComparer.Ordinal);

    /// <summary>In the order in which they are written.</summary>
    public static IReadOnlyList<Column> Columns { get; } =
    [
        new(Sku, i => i.Sku, null),
        new(Meter, i => i.Meter, null),
        new(Name, i => i.Name, (body, text) => body with { Name = text }),
        new(Model, i => NameOf(i.Price.Model), (body, text) => Models.TryGetValue(text, out var model)
            ? body with { Price = body.Price with { Model = model } }
            : throw new FormatException($"must be one of {string.Join(", ", Models.Keys)}")),
        Number("unitPrice", p => p.UnitPrice, (p, value) => p with { UnitPrice = value }),
        new("tiers", i => TiersOf(i.Price.Tiers),
            (body, text) => body with { Price = body.Price with { Tiers = ReadTiers(text, body.Price.Model) } }),
        Number("packageSize", p => p.PackageSize, (p, value) => p with { PackageSize = value }),
        Number("packagePrice", p => p.PackagePrice, (p, value) => p with { PackagePrice = value }),
        Number("freeUnits", p => p.FreeUnits, (p, value) => p with { FreeUnits = value }),
        new("chargeAtZero", i => i.Price.ChargeAtZero ? "true" : "false", (body, text) => body with
        {
            Price = body.Price with
            {
                ChargeAtZero = text switch
                {
                    "true" or "TRUE" or "" => true,
                    "false" or "FALSE" => false,
                    _ => throw new FormatException("must be true or false"),
                },
            },
        }),
        Number("includedUnits", p => p.IncludedUnits, (p, value) => p with { IncludedUnits = value }),
        Number("percent", p => p.Percent, (p, value) => p with { Percent = value }),
        Number("fixedFee", p => p.FixedFee, (p, value) => p with { FixedFee = value }),
        new("taxCategory", i => i.Price.TaxCategory ?? "",
            (body, text) => body with { Price = body.Price with { TaxCategory = text.Length == 0 ? null : text } }),
    ];

    /// <summary>The items as they are answered. What a spreadsheet would take for a formula is escaped here, in a way that can be undone.</summary>
    public static CsvResult<PriceListItemView> Of(IAsyncEnumerable<PriceListItemView> items, string fileName) => new(
        items, fileName, [.. Columns.Select(c => (c.Name, (Func<PriceListItemView, string?>)(item => Escape(c.Write(item)))))]);

    /// <summary>A cell that a spreadsheet would take for a formula gets an apostrophe, and so does one that looks as if it had one already.</summary>
    public static string Escape(string cell) => Escapable().IsMatch(cell) ? "'" + cell : cell;

    /// <summary>Takes back what <see cref="Escape"/> did.</summary>
    public static string Unescape(string cell) => cell.StartsWith('\'') && Escapable().IsMatch(cell) ? cell[1..] : cell;

    private static string NameOf(PriceModel model) => JsonSerializer.Serialize(model, ApiJson.Options).Trim('"');

    private static Column Number(string name, Func<Price, decimal?> read, Func<PriceBody, decimal?, PriceBody> write) => new(
        name, i => read(i.Price) is { } value ? DecimalStrings.Of(value) : "",
        (body, text) => body with { Price = write(body.Price, text.Length == 0 ? null : ReadNumber(text)) });

    private static decimal ReadNumber(string text) => DecimalStrings.IsValid(text) && Exact.Parse(text).TryToDecimal(out var value)
        ? value
        : throw new FormatException("must be a decimal such as 12.34: a point, no thousands separator, no exponent");

    private static string TiersOf(IReadOnlyList<PriceTier>? tiers) => tiers is null
        ? ""
        : string.Join(';', tiers.Select(t => (t.UpTo is { } end ? DecimalStrings.Of(end) : OpenEnd) + ":" + (t.Price is { } price
            ? DecimalStrings.Of(price)
            : $"{DecimalStrings.Of(t.UnitPrice)}:{DecimalStrings.Of(t.FlatFee)}")));

    private static List<TierBody>? ReadTiers(string text, PriceModel model) => text.Length == 0 ? null :
    [.. text.Split(';').Select(tier => tier.Split(':') switch
    {
        [var upTo, var unitPrice, var flatFee] => new TierBody(ReadNumber(unitPrice), upTo == OpenEnd ? null : ReadNumber(upTo), ReadNumber(flatFee)),
        [var upTo, var price] when model is PriceModel.Stairstep =>
            new TierBody(UpTo: upTo == OpenEnd ? null : ReadNumber(upTo), Price: ReadNumber(price)),
        _ => throw new FormatException("must hold tiers as upTo:unitPrice:flatFee (of a stairstep upTo:price), "
            + "parted by semicolons, the open one with * for upTo"),
    })];

    [GeneratedRegex(@"^'*[=+\-@\t\r]", RegexOptions.CultureInvariant)]
    private static partial Regex Escapable();

    /// <param name="Name">In the header.</param>
    /// <param name="Write">The cell of an item.</param>
    /// <param name="Read">The item with what the cell says, or a <see cref="FormatException"/> that completes "column …"; null: it only finds the
    /// item.</param>
    internal sealed record Column(string Name, Func<PriceListItemView, string> Write, Func<ItemBody, string, ItemBody>? Read);
}
