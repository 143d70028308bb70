using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Catalog.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Plans;

/// <summary>What a new draft and a changed one are checked by.</summary>
internal static class PlanDrafting
{
    public const int MostTrialDays = 730;

    /// <summary><paramref name="basis"/> with what is given, or every rule that the given charges and terms break.</summary>
    public static async Task<Result<PlanTerms>> TermsAsync(
        this CatalogDb db, string product, PlanTerms basis, IReadOnlyList<ChargeBody>? charges, PlanTermsRef? terms, CancellationToken ct)
    {
        var sold = await db.Products.AsNoTracking().SingleOrDefaultAsync(x => x.Key == product, ct);
        if (sold is null)
            return PlanRefusals.UnknownProduct(product);

        // No more than the rules let pass, so that a list too long asks for no more than one of the right length.
        var named = (charges ?? []).Where(c => c.Meter is not null).Select(c => c.Meter!).Take(ChargeRules.Most)
            .Concat((terms?.Quotas.Keys ?? []).Take(TermRules.MostQuotas)).Distinct().ToList();
        var needed = (terms?.Prerequisites ?? []).Take(TermRules.MostPrerequisites).Distinct().ToList();
        var meters = await db.Meters.Where(x => named.Contains(x.Key)).Select(x => x.Key).ToHashSetAsync(ct);
        var products = await db.Products.Where(x => needed.Contains(x.Key)).Select(x => x.Key).ToHashSetAsync(ct);
        List<FieldError> errors =
        [
            .. charges is null ? [] : ChargeRules.Check(charges, sold.Rules, meters),
            .. terms is null ? [] : TermRules.Check(terms, meters, products),
        ];
        return errors.Count > 0
            ? Refusal.AllFields(errors)
            : basis with { Charges = charges is null ? basis.Charges : [.. charges.Select(c => c.ToCharge())], Terms = terms ?? basis.Terms };
    }

    public static IRuleBuilderOptions<T, int> IsTrial<T>(this IRuleBuilder<T, int> rule) => rule
        .InclusiveBetween(0, MostTrialDays).WithErrorCode("out_of_range").WithMessage($"trialDays must be 0 to {MostTrialDays}.");
}
