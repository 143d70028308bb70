using FluentValidation;

namespace Licensing.Catalog.Pricing;

/// <summary>The days on which prices hold: from the first one, until the one on which they no longer do (null: no end).</summary>
internal interface IPriceValidity
{
    DateOnly ValidFrom { get; }

    DateOnly? ValidUntil { get; }
}

internal sealed class PriceValidityRules : AbstractValidator<IPriceValidity>
{
    public PriceValidityRules()
    {
        // A month is rated with the prices of its first day; any other day would promise what does not happen.
        RuleFor(x => x.ValidFrom).Must(from => from.Day == 1).WithErrorCode("not_first_of_month")
            .WithMessage("validFrom must be the first day of a month.");
        RuleFor(x => x.ValidUntil).Must(until => until is null || until.Value.Day == 1).WithErrorCode("not_first_of_month")
            .WithMessage("validUntil is the first day without these prices and must be the first day of a month.");
        RuleFor(x => x.ValidUntil).Must((x, until) => until is null || until > x.ValidFrom).WithErrorCode("not_after_start")
            .WithMessage("validUntil is the first day without these prices and must be after validFrom.");
    }
}
