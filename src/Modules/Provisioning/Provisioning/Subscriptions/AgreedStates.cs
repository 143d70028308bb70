using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Seats;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>Whether what a subscription would hold from day to day keeps to the products' rules and to the terms that run.</summary>
internal static class AgreedStates
{
    /// <summary>
    /// What is wrong with any state from a day on, also with those after a cancellation to come and after a term that may be renewed: both can be
    /// undone.
    /// </summary>
    /// <param name="history">Quantities over time.</param>
    /// <param name="plans">Plans over time.</param>
    /// <param name="from">The first day that is looked at.</param>
    /// <param name="rules">By product, of all that is in force from then on.</param>
    /// <param name="at">Pointer of the quantities in the request.</param>
    /// <param name="stated">What the request says, so that the rules see an unknown feature even when it is set to nothing.</param>
    public static List<FieldError> Violations(
        IReadOnlyList<QuantityChange> history, IReadOnlyList<PlanFrom> plans, DateOnly from, IReadOnlyDictionary<string, ProductRules> rules,
        string at, IReadOnlyDictionary<string, int>? stated)
    {
        var errors = new List<FieldError>();
        foreach (var day in history.Select(c => c.On).Concat(plans.Select(p => p.On)).Append(from).Where(d => d >= from).Distinct().Order())
        {
            var state = new Dictionary<string, int>(history.On(day), StringComparer.Ordinal);
            if (day == from && stated is not null)
                foreach (var (feature, quantity) in stated)
                    state[feature] = quantity;
            foreach (var error in SeatRules.Check(rules[plans.On(day).Product], state, at).Concat(Committed(history, plans, day, at)))
                if (!errors.Exists(e => e.Pointer == error.Pointer && e.Code == error.Code))
                    errors.Add(day == from ? error : error with { Message = $"{error.Message} This would be so from {day:yyyy-MM-dd}." });
        }

        return errors;
    }

    // Against the day before, so that what was set today can be corrected today.
    private static IEnumerable<FieldError> Committed(
        IReadOnlyList<QuantityChange> history, IReadOnlyList<PlanFrom> plans, DateOnly day, string at)
    {
        if (plans.TermOn(day) is not { } term || day == term.StartsOn || day <= plans.TrialEndsOn())
            yield break;
        var (before, after) = (history.On(day.AddDays(-1)), history.On(day));
        foreach (var feature in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal))
        {
            var (was, shall) = (before.GetValueOrDefault(feature), after.GetValueOrDefault(feature));
            if (shall < was && !term.Terms.DecreaseAllowed)
                yield return new($"{at}/{PointerToken.Escape(feature)}", "decrease_not_allowed",
                    $"{feature} must not fall within the term, which ends on {term.EndsOn:yyyy-MM-dd}.");
            if (shall > was && !term.Terms.IncreaseAllowed)
                yield return new($"{at}/{PointerToken.Escape(feature)}", "increase_not_allowed",
                    $"{feature} must not rise within the term, which ends on {term.EndsOn:yyyy-MM-dd}.");
        }
    }
}
