using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Plans;

/// <summary>What a version of a plan says; a draft until it is published.</summary>
internal sealed record PlanTerms(string Name, IReadOnlyList<PlanCharge> Charges, bool UsesPriceLists, int TrialDays)
{
    /// <summary>The defaults in drafts that were stored without.</summary>
    public PlanTermsRef Terms { get; init; } = new();
}
