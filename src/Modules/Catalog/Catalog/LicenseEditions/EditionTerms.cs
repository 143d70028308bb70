namespace Licensing.Catalog.LicenseEditions;

/// <summary>What is said of an edition beside its code.</summary>
internal sealed record EditionTerms(
    int LicenseVersion, int? DurationMonths, string Quantity, int? Users, decimal Points, IReadOnlyList<Money> Prices,
    IReadOnlyDictionary<string, string> Names, bool Demo);
