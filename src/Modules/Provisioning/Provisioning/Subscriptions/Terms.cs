using Licensing.Catalog.Contracts;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>What a plan version says of commitment, copied when it is agreed: a version never changes, so the copy cannot be wrong.</summary>
/// <param name="Months">Length of a term; null commits to nothing.</param>
/// <param name="AutoRenew">Whether the next term follows by itself, by the plan.</param>
/// <param name="RenewBefore">Days before the term's end from which it can be renewed.</param>
/// <param name="RenewAfter">Days from the term's end on during which it still can.</param>
/// <param name="IncreaseAllowed">Whether quantities may rise within the term.</param>
/// <param name="DecreaseAllowed">Whether quantities may fall within the term.</param>
/// <param name="EarlyCancellation">Whether it can end within the term.</param>
/// <param name="EarlyFeePercent">What that costs, in percent of what is left of the term.</param>
/// <param name="OwnAutoRenew">What was said of that for the subscription with this plan, and holds for those after it until another is agreed
/// with an answer of its own; null where nothing was said.</param>
internal sealed record Terms(
    int? Months, bool AutoRenew, int RenewBefore, int RenewAfter, bool IncreaseAllowed, bool DecreaseAllowed, bool EarlyCancellation,
    decimal? EarlyFeePercent, bool? OwnAutoRenew = null)
{
    /// <param name="terms">As the catalog publishes them.</param>
    /// <param name="autoRenew">The subscription's own answer; null takes the plan's.</param>
    public static Terms Of(PlanTermsRef terms, bool? autoRenew = null) => new(
        terms.TermMonths, terms.AutoRenew, terms.RenewalWindowDays.Before, terms.RenewalWindowDays.After, terms.IncreaseAllowed,
        terms.DecreaseAllowed, terms.EarlyCancellation.Allowed,
        terms.EarlyCancellation is { Allowed: true, FeePercent: > 0 and var fee } ? fee : null, autoRenew);
}
