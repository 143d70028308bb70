namespace Licensing.Identity.Organizations;

internal sealed record BillingAddress(IReadOnlyList<string> Lines, string? City = null, string? PostalCode = null, string? Region = null);
