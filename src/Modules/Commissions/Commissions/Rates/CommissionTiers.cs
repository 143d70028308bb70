namespace Licensing.Commissions.Rates;

/// <summary>How tiers apply to a basis.</summary>
internal enum CommissionMode
{
    /// <summary>Each part of the basis at the percentage of its own tier.</summary>
    Graduated,

    /// <summary>The whole basis at the percentage of the tier it falls in.</summary>
    Volume,
}

/// <summary>One tier. It holds what lies above <paramref name="From"/>, up to and including <paramref name="To"/>.</summary>
/// <param name="From">In whole units of the currency; 0 for the first tier, else the end of the tier before.</param>
/// <param name="To">Null for the last tier, which has no end.</param>
/// <param name="Percent">Of a hundred: 2.9 is 2.9 %.</param>
internal sealed record CommissionTier(decimal From, decimal? To, decimal Percent);

/// <summary>The part of a basis that fell into one tier and what it earned, unrounded.</summary>
internal sealed record CommissionStep(CommissionTier Tier, Exact Basis, Exact Amount);

/// <summary>A commission with how it was reached.</summary>
/// <param name="Amount">The sum of the steps, rounded half away from zero to the minor unit, once.</param>
/// <param name="Steps">Unrounded; none for a basis of zero.</param>
internal sealed record Commission(Money Amount, IReadOnlyList<CommissionStep> Steps);

/// <summary>The tiers of a commission scheme.</summary>
internal sealed record CommissionTiers(IReadOnlyList<CommissionTier> Tiers, CommissionMode Mode = CommissionMode.Graduated)
{
    /// <summary>The rules that the tiers break, with JSON pointers relative to the scheme; empty when there are none.</summary>
    public IReadOnlyList<FieldError> Validate()
    {
        if (Tiers.Count == 0)
            return [new("/tiers", "tiers_missing", "tiers needs at least one tier.")];

        List<FieldError> errors = [];
        decimal? reached = 0m;
        for (var i = 0; i < Tiers.Count; i++)
        {
            var (from, to, percent) = Tiers[i];
            if (reached is { } end && from != end)
                errors.Add(new($"/tiers/{i}/from", "tiers_have_gap", "from must be where the tier before ends, and 0 in the first."));
            if (percent is < 0m or > 100m)
                errors.Add(new($"/tiers/{i}/percent", "not_a_percentage", "percent must be between 0 and 100."));

            var last = i == Tiers.Count - 1;
            if (to is null && !last)
                errors.Add(new($"/tiers/{i}/to", "tier_unbounded", "to must be given in each tier but the last."));
            if (to is not null && last)
                errors.Add(new($"/tiers/{i}/to", "last_tier_bounded", "to must be left out in the last tier, so that every basis has a percentage."));
            if (to <= from)
                errors.Add(new($"/tiers/{i}/to", "tiers_not_ascending", "to must be above from."));
            reached = to;
        }

        return errors;
    }

    /// <summary>
    /// The commission on a basis, for valid tiers. A negative basis (credit notes above invoices) earns the mirror of the
    /// positive one, so that crediting what earned a commission takes back exactly that commission.
    /// </summary>
    public Commission On(Money basis)
    {
        var sign = Math.Sign(basis.Amount);
        var size = Math.Abs(basis.Amount);
        CommissionStep[] steps = [.. Tiers
            .Select(tier => (Tier: tier, Part: Part(tier, size) * sign))
            .Where(part => part.Part != 0m)
            .Select(part => new CommissionStep(part.Tier, part.Part, part.Part * (Exact)part.Tier.Percent / 100))];
        return new(Exact.Sum(steps.Select(step => step.Amount)).Round(basis.Currency), steps);
    }

    private decimal Part(CommissionTier tier, decimal size) => Mode switch
    {
        CommissionMode.Graduated => Math.Max(0m, Math.Min(size, tier.To ?? size) - tier.From),
        _ => size > tier.From && size <= (tier.To ?? size) ? size : 0m,
    };
}
