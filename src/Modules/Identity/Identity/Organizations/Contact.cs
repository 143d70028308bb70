namespace Licensing.Identity.Organizations;

/// <summary>Whom to reach there.</summary>
internal sealed record Contact(string? Name = null, string? Email = null, string? Phone = null);
