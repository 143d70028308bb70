namespace Licensing.Identity.Contracts;

/// <summary>An organisation as a document names it.</summary>
/// <param name="Name">Its legal name, else its display name.</param>
/// <param name="ExternalId">What its parent calls it.</param>
/// <param name="AddressLines">Street and what belongs to it; may be empty.</param>
/// <param name="City">Of the billing address.</param>
/// <param name="PostalCode">Of the billing address.</param>
/// <param name="Region">Of the billing address.</param>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
/// <param name="TaxId">As it was entered.</param>
/// <param name="ContactName">Whom to reach there.</param>
/// <param name="Email">The contact's.</param>
public sealed record LegalDetails(
    string Name, string ExternalId, IReadOnlyList<string> AddressLines, string? City, string? PostalCode, string? Region, string Country,
    string? TaxId, string? ContactName, string? Email);
