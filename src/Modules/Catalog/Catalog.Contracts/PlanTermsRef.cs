namespace Licensing.Catalog.Contracts;

/// <summary>
/// What a plan version says about the life of its subscriptions. What it does not say is as it was before plans had terms: open-ended,
/// changed and ended on any day, without limits or conditions.
/// </summary>
public sealed record PlanTermsRef
{
    /// <summary>Whole months from the start of the subscription, or of the renewed term; null: it has no end.</summary>
    public int? TermMonths { get; init; }

    /// <summary>Whether the term is followed by another when nobody says otherwise; a subscription may have its own answer.</summary>
    public bool AutoRenew { get; init; } = true;

    /// <summary>When a term can be renewed by hand.</summary>
    public RenewalWindow RenewalWindowDays { get; init; } = new();

    /// <summary>Whether a quantity may become larger before the term ends.</summary>
    public bool IncreaseAllowed { get; init; } = true;

    /// <summary>Whether a quantity may become smaller before the term ends.</summary>
    public bool DecreaseAllowed { get; init; } = true;

    /// <summary>What ending it within the term takes.</summary>
    public EarlyCancellation EarlyCancellation { get; init; } = new();

    /// <summary>Whether a subscription may go to another organisation.</summary>
    public bool Transferable { get; init; } = true;

    /// <summary>The most usage of a billing period, by the meter's key; at least 0. A meter that is not there has no limit.</summary>
    public IReadOnlyDictionary<string, decimal> Quotas { get; init; } = new Dictionary<string, decimal>();

    /// <summary>What a billing period comes to at least and at most, before coupons; null: no bounds.</summary>
    public PlanCommitment? Commitment { get; init; }

    /// <summary>Keys of products of which the tenant must hold a subscription.</summary>
    public IReadOnlyList<string> Prerequisites { get; init; } = [];
}

/// <summary>Bounds of what one subscription's charges by this plan come to in one billing period, without tax and before coupons.</summary>
/// <param name="Minimum">What is missing to it is charged; for the days that the plan was held and paid for. In the plan's currency.</param>
/// <param name="Cap">What is above it is not charged; the same however many days it was held. In the plan's currency.</param>
public sealed record PlanCommitment(decimal? Minimum = null, decimal? Cap = null);

/// <summary>The days around a term's end on which it can be renewed by hand; of a plan without a term they mean nothing.</summary>
/// <param name="Before">Days before the term's end in which it can be renewed.</param>
/// <param name="After">Days from the term's end in which it still can.</param>
public sealed record RenewalWindow(int Before = 30, int After = 0);

/// <summary>Whether a subscription may be cancelled within its term, and what that costs.</summary>
/// <param name="Allowed">False: it can only end with its term.</param>
/// <param name="FeePercent">0 to 100, of the fixed charges for the days that the term still had; 0 where it is not allowed.</param>
public sealed record EarlyCancellation(bool Allowed = true, decimal FeePercent = 0);
