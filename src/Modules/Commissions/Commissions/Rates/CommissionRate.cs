namespace Licensing.Commissions.Rates;

/// <summary>A percentage of its own for what is charged by one plan, or by the plans of one product, beside the tiers.</summary>
/// <param name="Percent">Of a hundred: 2.9 is 2.9 %.</param>
/// <param name="Plan">The plan's key; goes before its product's rate.</param>
/// <param name="Product">The product's key; exactly one of both is given.</param>
internal sealed record CommissionRate(decimal Percent, string? Plan = null, string? Product = null);

/// <summary>What of a basis one rate was applied to and what it earned, unrounded.</summary>
/// <param name="Basis">Of the month, in the organisation's currency.</param>
/// <param name="Amount">Of the sum of all such and of the tiers', which is rounded once.</param>
internal sealed record RatedBasis(CommissionRate Rate, decimal Basis, decimal Amount);

/// <summary>The rates of a scheme beside its tiers. What none is for falls to the tiers, so each part of a document has exactly one.</summary>
internal sealed record OwnRates(IReadOnlyList<CommissionRate> Rates)
{
    private const int MostRates = 200;
    private const int LongestKey = 100;

    /// <summary>The rules that they break, with JSON pointers relative to the scheme; empty when there are none.</summary>
    public IReadOnlyList<FieldError> Validate()
    {
        if (Rates.Count > MostRates)
            return [new("/rates", "too_many_rates", $"rates has at most {MostRates}.")];

        List<FieldError> errors = [];
        var seen = new HashSet<(string?, string?)>();
        for (var i = 0; i < Rates.Count; i++)
        {
            var (percent, plan, product) = Rates[i];
            if (percent is < 0m or > 100m)
                errors.Add(new($"/rates/{i}/percent", "not_a_percentage", "percent must be between 0 and 100."));
            if ((plan ?? product) is not { Length: > 0 and <= LongestKey } || (plan is not null && product is not null))
                errors.Add(new($"/rates/{i}", "rate_without_target", "plan or product must be given, by its key, and not both."));
            else if (!seen.Add((plan, product)))
                errors.Add(new($"/rates/{i}", "rate_twice", "rates must not have another for the same plan or product."));
        }

        return errors;
    }

    /// <summary>The place of the most specific rate, or null for the tiers.</summary>
    public int? For(string? plan, string? product)
    {
        int? found = null;
        for (var i = 0; i < Rates.Count; i++)
            if (plan is not null && Rates[i].Plan == plan)
                return i;
            else if (product is not null && Rates[i].Product == product)
                found = i;
        return found;
    }
}
