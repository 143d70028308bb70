using Licensing.Catalog.Contracts;
using Licensing.Catalog.Meters;
using Licensing.Catalog.Products;

namespace Licensing.Catalog.Plans;

/// <summary>What the terms of a plan must satisfy, all violations at once.</summary>
internal static class TermRules
{
    public const int LongestTerm = 120;
    public const int LongestWindow = 365;
    private const int LongestMonth = 31;
    public const int MostQuotas = 100;
    public const int MostPrerequisites = 20;

    private static readonly PlanTermsRef Unsaid = new();

    /// <param name="terms">As sent, with the defaults of what was not.</param>
    /// <param name="meters">Keys of the meters there are.</param>
    /// <param name="products">Keys of the products there are.</param>
    public static IEnumerable<FieldError> Check(PlanTermsRef terms, IReadOnlySet<string> meters, IReadOnlySet<string> products)
    {
        if (terms.TermMonths is < 1 or > LongestTerm)
            yield return new(
                "/terms/termMonths", "out_of_range", $"termMonths must be 1 to {LongestTerm}, or null for a subscription without an end.");
        foreach (var error in terms.TermMonths is null ? WithoutTerm(terms) : [])
            yield return error;
        foreach (var error in Windows(terms))
            yield return error;
        if (terms.EarlyCancellation.FeePercent is < 0 or > 100)
            yield return new("/terms/earlyCancellation/feePercent", "out_of_range", "feePercent must be 0 to 100.");
        if (terms.EarlyCancellation is { Allowed: false, FeePercent: not 0 })
            yield return new("/terms/earlyCancellation/feePercent", "contradiction", "feePercent must be 0 where early cancellation is not allowed.");
        if (terms.Commitment is { Minimum: null, Cap: null })
            yield return new("/terms/commitment", "required", "A commitment has a minimum, a cap or both.");
        if (terms.Commitment is { Minimum: < 0 })
            yield return new("/terms/commitment/minimum", "out_of_range", "minimum must be at least 0.");
        if (terms.Commitment is { Cap: < 0 })
            yield return new("/terms/commitment/cap", "out_of_range", "cap must be at least 0.");
        else if (terms.Commitment is { } bounds && bounds.Cap < bounds.Minimum)
            yield return new("/terms/commitment/cap", "maximum_below_minimum", "cap must not be below minimum.");
        foreach (var error in Quotas(terms.Quotas, meters).Concat(Prerequisites(terms.Prerequisites, products)))
            yield return error;
    }

    /// <summary>Asked for again when a draft is published, which may be older than the rule.</summary>
    public static IEnumerable<FieldError> Windows(PlanTermsRef terms)
    {
        foreach (var (field, days) in new[] { ("before", terms.RenewalWindowDays.Before), ("after", terms.RenewalWindowDays.After) })
            if (days is < 0 or > LongestWindow)
                yield return new($"/terms/renewalWindowDays/{field}", "out_of_range", $"{field} must be 0 to {LongestWindow} days.");
            else if (terms.TermMonths is >= 1 and <= LongestTerm and var months && days > months * LongestMonth)
                yield return new(
                    $"/terms/renewalWindowDays/{field}", "longer_than_term",
                    $"{field} must be at most {months * LongestMonth} days, {LongestMonth} for each month of the term.");
    }

    // Said of a term that there is not, it would never be read.
    private static IEnumerable<FieldError> WithoutTerm(PlanTermsRef terms)
    {
        foreach (var (field, said) in new[]
        {
            ("autoRenew", terms.AutoRenew != Unsaid.AutoRenew),
            ("renewalWindowDays", terms.RenewalWindowDays != Unsaid.RenewalWindowDays),
            ("earlyCancellation", terms.EarlyCancellation != Unsaid.EarlyCancellation),
            ("increaseAllowed", terms.IncreaseAllowed != Unsaid.IncreaseAllowed),
            ("decreaseAllowed", terms.DecreaseAllowed != Unsaid.DecreaseAllowed),
        })
            if (said)
                yield return new($"/terms/{field}", "needs_term", $"{field} is about a term; termMonths is missing.");
    }

    private static IEnumerable<FieldError> Quotas(IReadOnlyDictionary<string, decimal> quotas, IReadOnlySet<string> meters)
    {
        if (quotas.Count > MostQuotas)
        {
            yield return new("/terms/quotas", "count", $"quotas must have at most {MostQuotas} entries.");
            yield break;
        }

        foreach (var (meter, limit) in quotas.OrderBy(q => q.Key, StringComparer.Ordinal))
        {
            if (!meters.Contains(meter))
                yield return MeterRefusals.Unknown($"/terms/quotas/{PointerToken.Escape(meter)}", meter);
            if (limit < 0)
                yield return new($"/terms/quotas/{PointerToken.Escape(meter)}", "out_of_range", "A quota must be at least 0.");
        }
    }

    private static IEnumerable<FieldError> Prerequisites(IReadOnlyList<string> prerequisites, IReadOnlySet<string> products)
    {
        if (prerequisites.Count > MostPrerequisites)
        {
            yield return new("/terms/prerequisites", "count", $"prerequisites must have at most {MostPrerequisites} entries.");
            yield break;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < prerequisites.Count; i++)
            if (!products.Contains(prerequisites[i]))
                yield return ProductRefusals.Unknown($"/terms/prerequisites/{i}", prerequisites[i]);
            else if (!seen.Add(prerequisites[i]))
                yield return new($"/terms/prerequisites/{i}", "duplicate", $"The product {prerequisites[i]} is there twice.");
    }
}
