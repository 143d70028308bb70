namespace Licensing.Identity.Settings;

internal sealed record EffectiveSigned(Effective<string> Issuer, Effective<string> Audience);
