using System.Globalization;
using Licensing.Billing.Activity;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Exports;

/// <summary>A part with all that its row of FOCUS names.</summary>
/// <param name="Row">What the row tells of the part.</param>
/// <param name="Seller">Who issues the invoice.</param>
/// <param name="Product">What the subscription is of; empty where it is not known any more.</param>
internal sealed record FocusCharge(FocusPart Row, NamedPart Named, OrganizationRef? Seller, string Product)
{
    public ChargedLine Line => Named.Part.Line;

    public string Category => Row.IsTax ? "Tax" : Line.IsUsage ? "Usage" : "Purchase";

    /// <summary>Whose account it is billed to, as far as the reader knows: who reads below the partner knows the tenant alone.</summary>
    public OrganizationRef? Account => Named.Partner ?? Named.Tenant;
}

/// <summary>Rows in the columns of FOCUS 1.2 (FinOps Open Cost and Usage Specification); <c>docs/guides/focus.md</c> says what each is.</summary>
internal sealed class FocusRows(
    ActivityNames names, ISubscriptionDirectory subscriptions, ICatalog catalog, IOrganizationDirectory organizations, BillingCalendar calendar)
{
    // Digits of an average price: FOCUS wants a unit price also where tiers have several.
    private const int PriceDigits = 12;

    public async Task<IReadOnlyList<FocusCharge>> OfAsync(IReadOnlyList<FocusPart> told, Scope reader, CancellationToken ct)
    {
        var parts = told.Select(row => row.Part).ToList();
        var found = await subscriptions.FindAsync([.. parts.Select(part => part.Line.SubscriptionId).Distinct()], ct);
        var plans = await catalog.FindPlanVersionsAsync([.. found.Values.Select(target => target.PlanVersionId).Distinct()], ct);
        var sellers = await organizations.FindAsync([.. parts.Select(part => part.Line.SellerId).Distinct()], ct);
        string ProductOf(SubscriptionId id) =>
            found.TryGetValue(id, out var target) && plans.TryGetValue(target.PlanVersionId, out var plan) ? plan.Product : "";
        return [.. (await names.OfAsync(parts, reader, ct)).Zip(told, (named, row) => new FocusCharge(
            row, named, sellers.GetValueOrDefault(named.Part.Line.SellerId), ProductOf(named.Part.Line.SubscriptionId)))];
    }

    public IReadOnlyList<(string Name, Func<FocusCharge, string?> Cell)> Columns =>
    [
        ("BilledCost", x => x.Named.Part.Net.ToAmountString()),
        ("BillingAccountId", x => x.Account?.ExternalId),
        ("BillingAccountName", x => x.Account?.DisplayName),
        ("BillingAccountType", x => x.Account?.Kind.ToString()),
        ("BillingCurrency", x => x.Named.Part.Net.Currency.Code),
        ("BillingPeriodEnd", x => Instant(x.Line.Month.End)),
        ("BillingPeriodStart", x => Instant(x.Line.Month.Start)),
        ("ChargeCategory", x => x.Category),
        ("ChargeClass", x => x.Row.CreditNote is not null || x.Line.IsLate || x.Line.IsDifference ? "Correction" : null),
        ("ChargeDescription", DescriptionOf),
        ("ChargeFrequency", x => x.Line.IsUsage ? "Usage-Based" : x.Line.ChargeKey.StartsWith('~') ? "One-Time" : "Recurring"),
        ("ChargePeriodEnd", x => Instant(x.Named.Part.Days.End)),
        ("ChargePeriodStart", x => Instant(x.Named.Part.Days.Start)),
        ("ConsumedQuantity", x => x.Line.IsUsage ? QuantityOf(x) : null),
        ("ConsumedUnit", x => x.Line.IsUsage ? UnitOf(x) : null),
        ("ContractedCost", x => x.Named.Part.Gross.ToAmountString()),
        ("ContractedUnitPrice", UnitPriceOf),
        ("EffectiveCost", x => x.Named.Part.Net.ToAmountString()),
        ("InvoiceId", x => x.Row.CreditNote ?? x.Line.Invoice?.Number),
        ("InvoiceIssuerName", x => x.Seller?.DisplayName),
        ("ListCost", x => x.Named.Part.Gross.ToAmountString()),
        ("ListUnitPrice", UnitPriceOf),
        ("PricingCategory", x => x.Row.IsTax ? null : "Standard"),
        ("PricingCurrency", x => (x.Line.Exchange?.From ?? x.Named.Part.Net.Currency).Code),
        ("PricingCurrencyContractedUnitPrice", PricingUnitPriceOf),
        ("PricingCurrencyEffectiveCost", x => InPricingCurrency(x, x.Named.Part.Net.Amount).ToString()),
        ("PricingCurrencyListUnitPrice", PricingUnitPriceOf),
        ("PricingQuantity", QuantityOf),
        ("PricingUnit", UnitOf),
        ("ProviderName", x => x.Seller?.DisplayName),
        ("PublisherName", x => x.Seller?.DisplayName),
        ("RegionId", x => x.Line.Region),
        ("RegionName", x => x.Line.Region),
        ("ResourceId", _ => null),
        ("ResourceName", _ => null),
        ("ResourceType", _ => null),
        ("ServiceCategory", _ => "Other"),
        ("ServiceName", x => x.Product.Length > 0 ? x.Product : x.Line.Description),
        ("ServiceSubcategory", _ => "Other (Other)"),
        ("SkuId", SkuOf),
        ("SkuMeter", x => x.Line.IsUsage && !x.Row.IsTax ? x.Line.Meter : null),
        ("SkuPriceId", SkuOf),
        ("SubAccountId", x => x.Named.Tenant?.ExternalId),
        ("SubAccountName", x => x.Named.Tenant?.DisplayName),
        ("SubAccountType", _ => nameof(OrganizationKind.Tenant)),
        ("Tags", _ => null),
        ("x_Estimated", x => x.Line.Invoice is null ? "true" : "false"),
        ("x_Meter", x => x.Line.Meter),
        ("x_SubscriptionId", x => x.Line.SubscriptionId.Value.ToString()),
        ("x_TenantId", x => x.Line.TenantId.Value.ToString()),
    ];

    private static string DescriptionOf(FocusCharge charge) =>
        (charge.Row.CreditNote is null ? "" : "Credit note: ") + charge.Line.Description
        + (charge.Row.IsTax ? $" (tax {DecimalStrings.Of(charge.Line.Tax!.Percent)} %)" : "");

    // What is taken back is money and no quantity: it is not known how much less was used.
    private static string? QuantityOf(FocusCharge charge) => charge.Row.IsMoney ? null : charge.Named.Part.Quantity.ToString();

    private static string? UnitOf(FocusCharge charge) => charge.Row.IsMoney ? null : charge.Named.Meter?.Unit ?? "Units";

    // What is priced by a plan has no SKU of its own; two products may name their charges alike.
    private static string? SkuOf(FocusCharge charge) =>
        charge.Row.IsTax ? null : charge.Line.Sku.Length > 0 ? charge.Line.Sku : $"{charge.Product}/{charge.Line.ChargeKey}";

    // Price times quantity is the cost, but for what rounding a line's days leaves: for a part of a period it is that part of the price.
    private static string? UnitPriceOf(FocusCharge charge) => PriceOf(charge)?.ToString();

    private static string? PricingUnitPriceOf(FocusCharge charge) =>
        PriceOf(charge) is { } price ? InPricingCurrency(charge, price).ToString() : null;

    private static Exact InPricingCurrency(FocusCharge charge, Exact amount) =>
        charge.Line.Exchange is { } exchange ? (amount / exchange.Rate).Round(PriceDigits) : amount;

    private static Exact? PriceOf(FocusCharge charge)
    {
        var line = charge.Line;
        if (charge.Row.IsMoney)
            return null;
        if (line.UnitPrice is { } price && (price * line.Quantity).Round(line.Gross.Currency.MinorUnits) == line.Gross.Amount)
            return price;
        return line.Quantity.Sign == 0 ? null : ((Exact)line.Gross.Amount / line.Quantity).Round(PriceDigits);
    }

    private string Instant(DateOnly day) => calendar.StartOf(day).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
