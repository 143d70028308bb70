using System.Numerics;

namespace Licensing.Billing.Rating;

/// <summary>What was used in the period: an aggregate, and for charges per event what each record says in the order they came.</summary>
internal sealed record UsageAggregate(Exact Quantity)
{
    public static readonly UsageAggregate None = new(Exact.Zero);

    /// <summary>
    /// Null when only the aggregate is known; then <see cref="EventCount"/> says how many there were, without those below zero.
    /// </summary>
    public IReadOnlyList<Exact>? Events { get; init; }

    public long EventCount { get; init; }

    public static UsageAggregate Of(IReadOnlyList<Exact> events) =>
        new(Exact.Sum(events)) { Events = events, EventCount = events.Count(amount => amount.Sign >= 0) };
}

/// <summary>
/// How a part of a line was reached: quantity × unitPrice + flatFee, times the days if the charge is prorated. Amounts are in
/// whole units of the currency and unrounded; those of a line add up to the line before its rounding.
/// </summary>
/// <param name="From">Where the tier begins; its units lie above it.</param>
/// <param name="To">The last unit of the tier; null when it has no end.</param>
/// <param name="Quantity">Units, or blocks of a package.</param>
/// <param name="UnitPrice">Per unit or block; a fraction of the amount for a percentage.</param>
/// <param name="FlatFee">On top of the units.</param>
/// <param name="Amount">For the days charged.</param>
internal sealed record RatingStep(Exact From, Exact? To, Exact Quantity, Exact UnitPrice, Exact FlatFee, Exact Amount)
{
    public static RatingStep Of(Exact from, Exact? to, Exact quantity, Exact unitPrice, Exact flatFee) =>
        new(from, to, quantity, unitPrice, flatFee, quantity * unitPrice + flatFee);
}

/// <summary>
/// The price of one thing for one full period, in whole units of the currency. Immutable and without state: the same usage
/// always gives the same steps. A new model is a new subtype and a case in <see cref="ChargeSpec"/>.
/// </summary>
internal abstract record Charge
{
    /// <summary>Whether the days of the period count. A flat charge is always prorated.</summary>
    public virtual bool Prorate { get; init; }

    /// <summary>The rules this price breaks, with JSON pointers relative to the charge; empty when there are none.</summary>
    public abstract IReadOnlyList<FieldError> Validate();

    /// <summary>What is missing in the usage for this charge to be rated.</summary>
    public virtual IReadOnlyList<FieldError> Validate(UsageAggregate usage) => [];

    /// <summary>The quantity that the line shows, before free and included units.</summary>
    public virtual Exact QuantityOf(UsageAggregate usage) => usage.Quantity;

    /// <summary>The price of the usage for the whole period. Nothing is rounded, and nothing charged is no step.</summary>
    public abstract IReadOnlyList<RatingStep> Steps(UsageAggregate usage);
}

/// <summary>A fixed amount per period.</summary>
internal sealed record FlatCharge(Exact Amount) : Charge
{
    public override bool Prorate => true;

    public override IReadOnlyList<FieldError> Validate() => [];

    public override Exact QuantityOf(UsageAggregate usage) => 1;

    public override IReadOnlyList<RatingStep> Steps(UsageAggregate usage) => [RatingStep.Of(0, null, 1, Amount, 0)];
}

/// <summary>A charge for a quantity, of which the first units may be included.</summary>
internal abstract record QuantityCharge : Charge
{
    /// <summary>Units that cost nothing; tiers begin after them.</summary>
    public Exact IncludedUnits { get; init; }

    public override IReadOnlyList<FieldError> Validate() => IncludedUnits.Sign < 0 ? [RatingRefusals.Negative("/includedUnits")] : [];

    // A correction below zero has no units that could be included.
    protected Exact Billable(UsageAggregate usage) => usage.Quantity.Sign < 0 ? usage.Quantity : Exact.Max(0, usage.Quantity - IncludedUnits);
}

/// <summary>Quantity × rate. A negative quantity gives a negative amount.</summary>
internal sealed record PerUnitCharge(Exact UnitPrice) : QuantityCharge
{
    public override IReadOnlyList<RatingStep> Steps(UsageAggregate usage) => [RatingStep.Of(0, null, Billable(usage), UnitPrice, 0)];
}

/// <summary>One tier: its units lie above the tier before, up to and including <see cref="UpTo"/>; null is without end.</summary>
internal sealed record Tier(Exact? UpTo, Exact UnitPrice, Exact FlatFee);

/// <summary>
/// A charge by tiers. A negative quantity counts as 0, and 0 costs the flat fee of the first tier unless <see cref="ChargeAtZero"/> is off.
/// </summary>
internal abstract record TieredCharge(IReadOnlyList<Tier> Tiers) : QuantityCharge
{
    /// <summary>Whether a quantity of 0 (after included units) still costs the flat fee of the first tier.</summary>
    public bool ChargeAtZero { get; init; } = true;

    public sealed override IReadOnlyList<FieldError> Validate()
    {
        List<FieldError> errors = [.. base.Validate()];
        if (Tiers.Count == 0)
            errors.Add(RatingRefusals.NoTiers());

        Exact reached = 0;
        for (var i = 0; i < Tiers.Count; i++)
        {
            var last = i == Tiers.Count - 1;
            if (Tiers[i].UpTo is not { } upTo)
            {
                if (!last)
                    errors.Add(RatingRefusals.TierUnbounded(i));
                continue;
            }

            if (upTo <= reached)
                errors.Add(RatingRefusals.TierNotAscending(i));
            if (last)
                errors.Add(RatingRefusals.LastTierBounded(i));
            reached = Exact.Max(reached, upTo);
        }

        return errors;
    }

    public sealed override IReadOnlyList<RatingStep> Steps(UsageAggregate usage)
    {
        var quantity = Exact.Max(0, Billable(usage));
        return quantity.Sign == 0 && !ChargeAtZero ? [] : Steps(quantity);
    }

    protected abstract IReadOnlyList<RatingStep> Steps(Exact quantity);

    /// <summary>The tier that holds a quantity, and where it begins.</summary>
    protected (Exact From, Tier Tier) At(Exact quantity)
    {
        Exact from = 0;
        foreach (var tier in Tiers)
        {
            if (tier.UpTo is not { } upTo || quantity <= upTo)
                return (from, tier);
            from = upTo;
        }

        throw new InvalidOperationException("The last tier has an end; the charge was not validated.");
    }
}

/// <summary>Each tier's units at that tier's rate, plus the flat fee of every tier entered.</summary>
internal sealed record GraduatedCharge(IReadOnlyList<Tier> Tiers) : TieredCharge(Tiers)
{
    protected override IReadOnlyList<RatingStep> Steps(Exact quantity)
    {
        var steps = new List<RatingStep>();
        Exact from = 0;
        foreach (var tier in Tiers)
        {
            if (steps.Count > 0 && quantity <= from)
                break;

            var to = tier.UpTo is { } upTo ? Exact.Min(quantity, upTo) : quantity;
            steps.Add(RatingStep.Of(from, tier.UpTo, to - from, tier.UnitPrice, tier.FlatFee));
            from = tier.UpTo ?? quantity;
        }

        return steps;
    }
}

/// <summary>All units at the rate of the tier that the total falls in, plus its flat fee.</summary>
internal sealed record VolumeCharge(IReadOnlyList<Tier> Tiers) : TieredCharge(Tiers)
{
    protected override IReadOnlyList<RatingStep> Steps(Exact quantity)
    {
        var (from, tier) = At(quantity);
        return [RatingStep.Of(from, tier.UpTo, quantity, tier.UnitPrice, tier.FlatFee)];
    }
}

/// <summary>The flat price of the tier that the total falls in; the price is the tier's flat fee.</summary>
internal sealed record StairstepCharge(IReadOnlyList<Tier> Tiers) : TieredCharge(Tiers)
{
    protected override IReadOnlyList<RatingStep> Steps(Exact quantity)
    {
        var (from, tier) = At(quantity);
        return [RatingStep.Of(from, tier.UpTo, quantity, 0, tier.FlatFee)];
    }
}

/// <summary>Started blocks of <paramref name="Size"/> units × <paramref name="Price"/>, after free units.</summary>
internal sealed record PackageCharge(Exact Size, Exact Price) : Charge
{
    public Exact FreeUnits { get; init; }

    public override IReadOnlyList<FieldError> Validate() =>
    [
        .. Size.Sign <= 0 ? [RatingRefusals.NotPositive("/size")] : Array.Empty<FieldError>(),
        .. FreeUnits.Sign < 0 ? [RatingRefusals.Negative("/freeUnits")] : Array.Empty<FieldError>(),
    ];

    public override IReadOnlyList<RatingStep> Steps(UsageAggregate usage)
    {
        var blocks = new Exact(BigInteger.Max(0, ((usage.Quantity - FreeUnits) / Size).Ceiling()), 1);
        return blocks.Sign == 0 ? [] : [RatingStep.Of(FreeUnits, null, blocks, Price, 0)];
    }
}

/// <summary>
/// <paramref name="Percent"/> of the amount plus a fixed fee per event. Free events come first, then free units are used up by the
/// events that follow, and an event they cover entirely costs nothing. What is below zero (a provider's own correction) is no event: it takes its
/// amount off what is charged by percent, down to nothing, and has no fee.
/// </summary>
/// <param name="Percent">Of a hundred: 1.3 is 1.3 %.</param>
internal sealed record PercentageCharge(Exact Percent) : Charge
{
    public Exact FixedFee { get; init; }

    public int FreeEvents { get; init; }

    /// <summary>Amount that costs nothing, in whole units of the currency.</summary>
    public Exact FreeUnits { get; init; }

    /// <summary>The least and the most that one charged event costs.</summary>
    public Exact? Minimum { get; init; }

    public Exact? Maximum { get; init; }

    public override IReadOnlyList<FieldError> Validate()
    {
        List<FieldError> errors = [];
        if (FreeEvents < 0)
            errors.Add(RatingRefusals.Negative("/freeEvents"));
        if (FreeUnits.Sign < 0)
            errors.Add(RatingRefusals.Negative("/freeUnits"));
        if (Minimum is { Sign: < 0 })
            errors.Add(RatingRefusals.Negative("/minimum"));
        if (Maximum is { Sign: < 0 })
            errors.Add(RatingRefusals.Negative("/maximum"));
        else if (Maximum is { } maximum && Minimum is { } minimum && maximum < minimum)
            errors.Add(RatingRefusals.MaximumBelowMinimum("/maximum"));
        return errors;
    }

    public override IReadOnlyList<FieldError> Validate(UsageAggregate usage) =>
        usage.Events is null && (FreeEvents > 0 || Minimum is not null || Maximum is not null) ? [RatingRefusals.EventsRequired()] : [];

    public override IReadOnlyList<RatingStep> Steps(UsageAggregate usage) => usage.Events is { } events ? Each(events) : Together(usage);

    private RatingStep[] Together(UsageAggregate usage)
    {
        var amount = Exact.Max(0, usage.Quantity - FreeUnits);
        return amount.Sign == 0 && usage.EventCount == 0 ? [] : [RatingStep.Of(FreeUnits, null, amount, Percent / 100, FixedFee * usage.EventCount)];
    }

    private List<RatingStep> Each(IReadOnlyList<Exact> events)
    {
        var freeLeft = FreeUnits;
        var (plain, atMinimum, atMaximum) = (new List<Exact>(), new List<Exact>(), new List<Exact>());
        foreach (var amount in events.Where(amount => amount.Sign >= 0).Skip(FreeEvents))
        {
            var free = Exact.Min(amount, freeLeft);
            freeLeft -= free;
            var charged = amount - free;
            if (charged.Sign == 0 && free.Sign > 0)
                continue;

            var price = charged * Percent / 100 + FixedFee;
            (price < Minimum ? atMinimum : price > Maximum ? atMaximum : plain).Add(charged);
        }

        var steps = new List<RatingStep>();
        if (plain.Count > 0)
        {
            var amount = Exact.Max(0, Exact.Sum(plain) + Exact.Sum(events.Where(amount => amount.Sign < 0)));
            steps.Add(RatingStep.Of(FreeUnits, null, amount, Percent / 100, FixedFee * plain.Count));
        }

        if (atMinimum.Count > 0)
            steps.Add(RatingStep.Of(FreeUnits, null, Exact.Sum(atMinimum), 0, Minimum.GetValueOrDefault() * atMinimum.Count));
        if (atMaximum.Count > 0)
            steps.Add(RatingStep.Of(FreeUnits, null, Exact.Sum(atMaximum), 0, Maximum.GetValueOrDefault() * atMaximum.Count));
        return steps;
    }
}
