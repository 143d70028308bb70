using Licensing.Billing.Taxes;
using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Currency = Licensing.Kernel.Currency;
using Period = Licensing.Kernel.Period;

namespace Licensing.Billing.Tests.Oracle;

/// <summary>A coupon or credit in plain words.</summary>
internal sealed record NaiveReduction(Guid Id, bool IsCredit, decimal? Percent, decimal? Amount, string? Currency, decimal? Quantity)
{
    public string? Meter { get; init; }
    public string? Sku { get; init; }
    public Guid? Subscription { get; init; }
    public IReadOnlyList<string> Plans { get; init; } = [];
    public IReadOnlyList<string> Charges { get; init; } = [];

    public bool IsFor(NaiveLine line)
    {
        if (Subscription is { } own && own != line.Subscription)
            return false;
        if (Plans.Count > 0 && !Plans.Contains(line.Plan.PlanKey))
            return false;
        if (Charges.Count > 0 && (line.Charge is null || !Charges.Contains(line.Charge)))
            return false;
        return Quantity is null || (line.Meter == Meter && (Sku is null || Sku == line.Sku));
    }
}

/// <summary>Everything that one tenant's bill for one period depends on.</summary>
internal sealed record Contract(Currency Currency, string Country, Period Period)
{
    public required IReadOnlyDictionary<PlanVersionId, PlanVersionRef> Plans { get; init; }
    public required IReadOnlyDictionary<string, MeterRef> Meters { get; init; }
    public required IReadOnlyList<BillableSubscription> Subscriptions { get; init; }
    /// <summary>Day by day; each meter, SKU and region of a subscription once a day.</summary>
    public required IReadOnlyList<DailyUsage> Usage { get; init; }

    /// <summary>What one unit of a currency is in the tenant's.</summary>
    public required IReadOnlyDictionary<string, decimal> Rates { get; init; }

    public required IReadOnlyDictionary<(string Currency, string Sku, string Meter), Price> Listed { get; init; }
    /// <summary>Prices of the tenant's own, which go before those that are listed for everyone.</summary>
    public IReadOnlyDictionary<(string Currency, string Sku, string Meter), Price> Specific { get; init; } =
        new Dictionary<(string, string, string), Price>();

    public required IReadOnlyList<CountryTaxRate> Taxes { get; init; }
    public required IReadOnlyList<NaiveReduction> Reductions { get; init; }

    /// <summary>The usage as it is known after the period was billed.</summary>
    public IReadOnlyList<DailyUsage> Later { get; init; } = [];

    /// <summary>The rates of tax of the month in which that is billed.</summary>
    public IReadOnlyList<CountryTaxRate> LaterTaxes { get; init; } = [];

    public Price? ListPrice(Currency currency, string sku, string meter) => Listed.GetValueOrDefault((currency.Code, sku, meter));
}
