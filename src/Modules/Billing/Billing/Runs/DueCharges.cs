using Licensing.Billing.Rating;
using Licensing.Billing.Taxes;
using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Runs;

/// <summary>What a plan's commitment adds to a subscription's charges.</summary>
internal sealed record DueCommitment(SubscriptionId Subscription, string PlanKey, PlanVersionId PlanVersion, Period Days, Commitment Rule)
{
    /// <summary>No charge of a plan can have this key: theirs begin with a letter or a digit.</summary>
    private const string Key = "~minimum";

    /// <summary>Whether what it adds may be of the standard rate: it is known only where all charges are of one. A cap adds nothing.</summary>
    public bool NeedsStandard =>
        Rule is { Minimum: not null, Days: { Days: > 0 }, TaxCategory: null or CountryTaxRate.Standard };

    /// <summary>One line per tax category of prices; those of others than the standard rate say theirs in the key.</summary>
    public BilledCharge Of(RatedLine line)
    {
        var category = line.PriceCategory ?? line.TaxCategory;
        var key = category is null or CountryTaxRate.Standard ? Key : $"{Key}.{category}";
        return new BilledCharge(
            new DueCharge(
                new LineKey(Subscription, key, "", "", "", Days.Start), Rule.Name, Days, IsUsage: false,
                new RatingItem(Rule.Name, new FlatCharge(line.Unrounded), UsageAggregate.None) { TaxCategory = line.TaxCategory })
            {
                PlanKey = PlanKey,
                PlanVersion = PlanVersion,
            },
            line);
    }
}

/// <summary>Everything that a tenant is charged for, and the bounds of parts of it.</summary>
internal sealed class DueCharges
{
    public List<DueCharge> Charges { get; } = [];

    public List<DueCommitment> Commitments { get; } = [];

    /// <summary>Adds charges and notes their places.</summary>
    public void Add(IEnumerable<DueCharge> charges, HashSet<int> places)
    {
        foreach (var charge in charges)
        {
            places.Add(Charges.Count);
            Charges.Add(charge);
        }
    }

    /// <summary>
    /// Bounds the charges at these places; by a part of the cap where another plan version has the rest of the days. All of a subscription's together
    /// come to what one plan version would have.
    /// </summary>
    public void Commit(
        BillableSubscription subscription, PlanVersionRef version, PlanCommitment bounds, IEnumerable<(Period Days, SubscriptionSpan Span)> paid,
        Exchange? rate, HashSet<int> items, Period period, Proration? part, int? sharedBound)
    {
        var days = paid.Select(part => part.Days).ToList();
        if (days.Count == 0 && items.Count == 0)
            return;

        var categories = items.Select(i => Charges[i].Item.TaxCategory!).Distinct().ToList();
        // Usage may still come in when no day is paid for any more; then only the cap is left to hold.
        var held = days.Count > 0 ? new Period(days[0].Start, days[^1].End) : period;
        Commitments.Add(new DueCommitment(subscription.Id, version.PlanKey, version.Id, held, new Commitment($"{version.Name}: minimum commitment")
        {
            Items = items,
            Minimum = days.Count > 0 ? bounds.Minimum : null,
            Cap = bounds.Cap,
            Part = part,
            SharedBound = sharedBound,
            Days = new Proration(days.Sum(part => part.Days), period.Days),
            TaxCategory = categories.Count switch { 0 => CountryTaxRate.Standard, 1 => categories[0], _ => null },
            Exchange = rate,
        }));
    }

    /// <summary>What would be billed twice, or null.</summary>
    public LineKey? Twice()
    {
        var keys = new HashSet<LineKey>(Charges.Count);
        return Charges.Find(charge => !keys.Add(charge.Key))?.Key;
    }
}
