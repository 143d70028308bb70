namespace Licensing.Identity.Settings;

internal sealed record OwnSigned(string? Issuer = null, string? Audience = null);
