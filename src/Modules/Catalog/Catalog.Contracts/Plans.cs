using Licensing.Kernel;

namespace Licensing.Catalog.Contracts;

/// <summary>An offer of a product, with versions.</summary>
public readonly record struct PlanId(Guid Value) : IId<PlanId>;

/// <summary>One published, immutable state of a plan; subscriptions keep theirs until moved.</summary>
public readonly record struct PlanVersionId(Guid Value) : IId<PlanVersionId>;

/// <summary>A published plan version, whole.</summary>
/// <param name="Id">The version.</param>
/// <param name="PlanId">Its plan.</param>
/// <param name="PlanKey">The plan's stable key.</param>
/// <param name="Version">1, 2, …</param>
/// <param name="Name">For people.</param>
/// <param name="Product">Key of the product it sells; its rules hold for the quantities.</param>
/// <param name="Currency">What it is priced in.</param>
/// <param name="Charges">Its own charges.</param>
/// <param name="UsesPriceLists">Whether usage with a SKU is priced from the price lists.</param>
/// <param name="TrialDays">Days from the start that are not billed.</param>
/// <param name="Terms">The life of its subscriptions.</param>
public sealed record PlanVersionRef(
    PlanVersionId Id, PlanId PlanId, string PlanKey, int Version, string Name, string Product, Currency Currency,
    IReadOnlyList<PlanCharge> Charges, bool UsesPriceLists, int TrialDays, PlanTermsRef Terms)
{
    /// <summary>False where it charges nothing by itself and by no list: such a plan can be bought in any currency.</summary>
    public bool IsPriced => Charges.Count > 0 || UsesPriceLists || Terms.Commitment is not null;
}

/// <summary>
/// One charge of a plan version. Exactly one of <paramref name="Feature"/> and <paramref name="Meter"/> is given for every model
/// but <c>flat</c>, which has neither.
/// </summary>
/// <param name="Key">Unique within the version; invoice lines name it.</param>
/// <param name="Name">For people.</param>
/// <param name="Feature">Charged on the subscription's quantity of this feature, prorated by days.</param>
/// <param name="Meter">Charged on the period's usage of this meter.</param>
/// <param name="Price">The model and its numbers.</param>
/// <param name="InAdvance">
/// Billed with the month before (true), as far as its days are known by then, or after it (false); usage is always after.
/// </param>
public sealed record PlanCharge(string Key, string Name, string? Feature, string? Meter, Price Price, bool InAdvance = false);
