using FluentValidation;
using Licensing.Catalog.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Plans;

/// <summary>What a new draft and a changed one are checked by.</summary>
internal static class PlanDrafting
{
    public const int MostTrialDays = 730;

    /// <summary>The draft as it is kept, or every rule that its charges break.</summary>
    public static async Task<Result<PlanTerms>> TermsAsync(
        this CatalogDb db, string product, string name, IReadOnlyList<ChargeBody> charges, bool usesPriceLists, int trialDays, CancellationToken ct)
    {
        var sold = await db.Products.AsNoTracking().SingleOrDefaultAsync(x => x.Key == product, ct);
        if (sold is null)
            return PlanRefusals.UnknownProduct(product);

        var named = charges.Where(c => c?.Meter is not null).Select(c => c.Meter!).Distinct().ToList();
        var meters = await db.Meters.Where(x => named.Contains(x.Key)).Select(x => x.Key).ToHashSetAsync(ct);
        var errors = ChargeRules.Check(charges, sold.Rules, meters);
        return errors.Count > 0
            ? Refusal.AllFields(errors)
            : new PlanTerms(name, [.. charges.Select(c => c.ToCharge())], usesPriceLists, trialDays);
    }

    public static IRuleBuilderOptions<T, int> IsTrial<T>(this IRuleBuilder<T, int> rule) => rule
        .InclusiveBetween(0, MostTrialDays).WithErrorCode("out_of_range").WithMessage($"trialDays must be 0 to {MostTrialDays}.");
}
