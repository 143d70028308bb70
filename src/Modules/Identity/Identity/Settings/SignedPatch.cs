namespace Licensing.Identity.Settings;

internal sealed record SignedPatch
{
    public Optional<string?> Issuer { get; init; }
    public Optional<string?> Audience { get; init; }
}
