using System.Text.Json;
using Licensing.Billing.Rating;

namespace Licensing.Billing.Tests.Rating;

/// <summary>Short ways to say what is rated; charges are written as they travel.</summary>
internal static class RatingSamples
{
    public static readonly Currency Eur = Currency.Parse("EUR");
    public static readonly Period March = Period.Month(2024, 3);
    public static readonly Period ThirtyDays = Period.Month(2024, 4);

    public static readonly IReadOnlyList<TaxRate> Vat20 = [new("S", 20)];

    public static ChargeSpec Spec(string json) => JsonSerializer.Deserialize<ChargeSpec>(json, JsonSerializerOptions.Web)!;

    public static RatingItem Item(string json) => Value(Spec(json).ToItem());

    public static RatingItem Flat(string amount, string? category = null) =>
        new("Flat", new FlatCharge(Exact.Parse(amount)), UsageAggregate.None) { TaxCategory = category };

    public static RatingItem Seats(string unitPrice, string quantity, string? category = null) =>
        new("Seats", new PerUnitCharge(Exact.Parse(unitPrice)) { Prorate = true },
            new UsageAggregate(Exact.Parse(quantity)))
        { TaxCategory = category };

    public static RatingRequest Request(params RatingItem[] items) => new(Eur, March, items);

    public static RatedBill Rate(RatingRequest request) => Value(Rater.Rate(request));

    public static RatedBill Rate(params RatingItem[] items) => Rate(Request(items));

    public static string Text(this Money money) => money.ToAmountString();

    public static string[] Nets(this RatedBill bill) => [.. bill.Lines.Select(line => line.Net.Text())];

    public static string[] Refused(RatingRequest request) => Fields(Rater.Rate(request).Refusal);

    public static string[] Fields(Refusal? refusal) => [.. refusal.ShouldNotBeNull().Fields.Select(field => $"{field.Pointer} {field.Code}")];

    public static T Value<T>(Result<T> result) where T : notnull =>
        result.Refused(out var refusal, out var value) ? throw new InvalidOperationException(string.Join("; ", refusal.Fields)) : value;
}
