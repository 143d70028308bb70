using Licensing.Billing.Coupons;
using Licensing.Billing.Invoices;
using Licensing.Billing.Rating;
using Licensing.Billing.Settlement;
using Licensing.Billing.Taxes;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;

namespace Licensing.Billing.Runs;

/// <summary>What holds for every tenant of a chunk: read once, then only looked up.</summary>
internal sealed record PeriodPrices(
    Period Period, IReadOnlyDictionary<PlanVersionId, PlanVersionRef> Plans, IPriceBook Book, IReadOnlyDictionary<string, MeterRef> Meters,
    TaxTable Taxes)
{
    /// <summary>The rates in force on the period's last day.</summary>
    public IReadOnlyDictionary<(Currency From, Currency To), Exchange> Rates { get; init; } =
        new Dictionary<(Currency From, Currency To), Exchange>();

    /// <summary>The rates by which a tenant was billed in advance for the period: what is in advance is charged by no other.</summary>
    public IReadOnlyDictionary<(Currency From, Currency To), Exchange> RatesInAdvance { get; init; } =
        new Dictionary<(Currency From, Currency To), Exchange>();

    /// <summary>The next period, for which is billed in advance; null where nothing is.</summary>
    public Period? AheadOf { get; init; }

    /// <summary>The taxes of its first day, by which that is taxed.</summary>
    public TaxTable? TaxesAhead { get; init; }

    /// <summary>All usage is priced by the plan that the period ends with, and each plan has its whole cap.</summary>
    public bool ByLastPlan { get; init; }

    /// <summary>What turns amounts of one currency into the other; null where they are the same.</summary>
    public Result<RateUsed> Between(Currency from, Currency to) =>
        from == to ? new RateUsed(null)
        : Rates.TryGetValue((from, to), out var exchange) ? new RateUsed(exchange)
        : RunRefusals.ExchangeRateMissing(from, to, Period.End.AddDays(-1));

    /// <summary>The same for a charge in advance.</summary>
    public Exchange? InAdvance(Exchange? rate, Currency to) => rate is null ? null : RatesInAdvance.GetValueOrDefault((rate.From, to)) ?? rate;
}

internal readonly record struct RateUsed(Exchange? Exchange);

/// <summary>
/// What subscriptions used in the period, by the first day of the plan stretch in which they did; distinct resources only where the totals do not
/// tell them.
/// </summary>
internal sealed record PeriodUsage(
    ILookup<(SubscriptionId Subscription, DateOnly From), UsageTotal> Totals,
    IReadOnlyDictionary<(SubscriptionId Subscription, DateOnly From, string Meter), DistinctUsage> Distinct)
{
    public static PeriodUsage None { get; } = new(
        Array.Empty<UsageTotal>().ToLookup(total => (total.SubscriptionId, default(DateOnly))),
        new Dictionary<(SubscriptionId, DateOnly, string), DistinctUsage>());

    /// <summary>The total of a meter; <paramref name="parts"/> are those of its SKUs and regions.</summary>
    public UsageAggregate Of((SubscriptionId, DateOnly) stretch, MeterRef meter, IReadOnlyList<UsageTotal> parts, bool withSkus) =>
        new(Combined(stretch, meter, parts, withSkus)) { EventCount = parts.Sum(part => part.Events) };

    private Exact Combined(
        (SubscriptionId Subscription, DateOnly From) stretch, MeterRef meter, IReadOnlyList<UsageTotal> parts, bool withSkus) => parts.Count switch
        {
            0 => 0,
            1 => parts[0].Quantity,
            _ => meter.Aggregation.Combines switch
            {
                Combining.Largest => parts.Max(part => part.Quantity),
                Combining.Distinct when Distinct[(stretch.Subscription, stretch.From, meter.Key)] is var counted =>
                    withSkus ? counted.Resources : counted.WithoutSku,
                _ => Exact.Sum(parts.Select(part => part.Quantity)),
            },
        };
}

/// <summary>One tenant's subscriptions and usage of the period.</summary>
internal sealed record TenantAccount(OrganizationRef Tenant, IReadOnlyList<BillableSubscription> Subscriptions, PeriodUsage Usage)
{
    /// <summary>Coupons and credits of the tenant in force in the period, in the order in which they are used.</summary>
    public IReadOnlyList<GrantedReduction> Reductions { get; init; } = [];

    /// <summary>What was billed in advance for the period, and what has adjusted that.</summary>
    public IReadOnlyList<BilledLine> BilledAhead { get; init; } = [];

    /// <summary>What credits paid of that, in the order of their use.</summary>
    public IReadOnlyList<PaidCredit> PaidAhead { get; init; } = [];

    /// <summary>The subscriptions whose charges in advance for the next period are billed with this one.</summary>
    public IReadOnlyList<BillableSubscription> Next { get; init; } = [];
}

/// <summary>What a line is for. No two lines of a bill may have the same key.</summary>
internal sealed record LineKey(SubscriptionId Subscription, string Charge, string Meter, string Sku, string Region, DateOnly StartsOn);

/// <summary>A charge of the tenant, ready to be rated.</summary>
internal sealed record DueCharge(LineKey Key, string Description, Period Days, bool IsUsage, RatingItem Item)
{
    /// <summary>The plan by which it is charged.</summary>
    public string PlanKey { get; init; } = "";

    /// <summary>And the version; null of what stood on an invoice before lines knew it.</summary>
    public PlanVersionId? PlanVersion { get; init; }

    /// <summary>Of what adjusts an earlier bill; null of what is due for the period itself.</summary>
    public Adjustment? Adjustment { get; init; }

    /// <summary>The first day of the next month where it is billed in advance for that; null of all else.</summary>
    public DateOnly? AheadOf { get; init; }

    /// <summary>A line of the period itself, as nearly all are.</summary>
    public bool IsOrdinary => Adjustment is null && AheadOf is null;
}

/// <summary>That a line is the difference between what is due for an earlier month and what was billed for it.</summary>
/// <param name="Month">Its first day.</param>
/// <param name="Number">1, 2, … per what is charged; what was billed with the month itself is 0.</param>
/// <param name="Before">What was billed for it before, without what credits paid.</param>
internal sealed record Adjustment(DateOnly Month, int Number, Money Before);

/// <summary>One charge with its rated line.</summary>
internal sealed record BilledCharge(DueCharge Due, RatedLine Line)
{
    /// <summary>
    /// What was neither used nor costs anything says nothing on an invoice; a SKU that was recorded is shown, also at zero.
    /// </summary>
    public bool SaysSomething =>
        Due.Key.Sku.Length > 0 || Line.Quantity.Sign != 0 || Line.Unrounded.Sign != 0
        || (Due.Adjustment is not null && (Line.Net.Amount != 0 || Line.Credit.Amount != 0));
}

/// <summary>A tenant's bill; every line knows what it is for.</summary>
internal sealed record TenantBill(OrganizationRef Tenant, RatedBill Rated, IReadOnlyList<BilledCharge> Charges)
{
    /// <summary>Late where it only adjusts months in which the tenant stood elsewhere.</summary>
    public InvoiceKind Kind { get; init; }

    /// <summary>What the coupons and credits of the tenant gave; to be written with the invoice, which uses them up.</summary>
    public IReadOnlyList<ReductionUse> Uses { get; init; } = [];

    /// <summary>The invoices, each as it was read, of whose lines some are differences.</summary>
    public IReadOnlyList<(Guid Id, int Version)> Adjusted { get; init; } = [];

    public Exact UsageExact => Exact.Sum(Charges.Where(charge => charge.Due.IsUsage).Select(charge => charge.Line.Unrounded));
}
