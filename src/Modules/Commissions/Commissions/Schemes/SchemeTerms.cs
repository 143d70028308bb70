using Licensing.Commissions.Rates;
using Licensing.Identity.Contracts;

namespace Licensing.Commissions.Schemes;

/// <summary>What a scheme says, whether it is agreed or only tried out.</summary>
internal abstract record SchemeTerms(OrganizationId OrganizationId, IReadOnlyList<CommissionTier> Tiers)
{
    private const int MostNamed = 100;
    private const int MostHoldingDays = 366;

    public CommissionMode Mode { get; init; }
    public CommissionBasis Basis { get; init; }

    /// <summary>Of plans and products that have a percentage of their own: the plan's goes before its product's, and both before the tiers.</summary>
    public IReadOnlyList<CommissionRate> Rates { get; init; } = [];

    /// <summary>Days after the month's end until what is earned in it is due; up to 366.</summary>
    public int HoldingDays { get; init; }

    /// <summary>Less than that is not paid out but carried on, in the organisation's currency; null: everything above zero is paid out.</summary>
    public Money? MinimumPayout { get; init; }

    /// <summary>The rules that the terms break on their own.</summary>
    public Refusal? Broken()
    {
        List<FieldError> errors = [.. new CommissionTiers(Tiers, Mode).Validate().Concat(new OwnRates(Rates).Validate()).Take(MostNamed)];
        if (HoldingDays is < 0 or > MostHoldingDays)
            errors.Add(new("/holdingDays", "holding_days_out_of_range", $"holdingDays must be between 0 and {MostHoldingDays}."));
        if (MinimumPayout is { } minimum && (minimum.Amount <= 0 || minimum != minimum.Round()))
            errors.Add(new("/minimumPayout/amount", "minimum_payout_not_positive", "minimumPayout must be above zero, in whole minor units."));
        return errors.Count > 0 ? Refusal.AllFields(errors) : null;
    }

    /// <summary>Why this organisation cannot have these terms.</summary>
    public Refusal? NotFor(OrganizationRef organization)
    {
        if (organization.Kind is not (OrganizationKind.Distributor or OrganizationKind.Partner))
            return SchemeRefusals.EarnsNothing;
        return MinimumPayout is { } minimum && minimum.Currency != organization.Currency ? SchemeRefusals.OtherCurrency(organization.Currency) : null;
    }

    public CommissionScheme From(OrganizationRef organization, DateOnly validFrom, DateTimeOffset now) => new()
    {
        Id = Id.New<SchemeId>(now),
        OrganizationId = organization.Id,
        OwnerPath = organization.Path,
        Mode = Mode,
        Basis = Basis,
        Tiers = Tiers,
        Rates = Rates,
        HoldingDays = HoldingDays,
        MinimumPayout = MinimumPayout?.Amount,
        MinimumPayoutCurrency = MinimumPayout?.Currency,
        ValidFrom = validFrom,
        CreatedAt = now,
    };
}
