namespace Licensing.Identity.Contracts;

/// <summary>How an organisation shows itself; what it does not say is as the one above it says, and null where none does.</summary>
public sealed record BrandingSettings(
    string? Name, string? LogoUrl, string? PrimaryColor, string? SecondaryColor, string? SupportEmail, string? SupportUrl);
