namespace Licensing.Commissions;

/// <summary>What several areas of the module refuse.</summary>
internal static class CommissionsRefusals
{
    public static Refusal NotThePlatform { get; } = new(
        RefusalKind.Forbidden, "not_the_platform", "This is done for the platform as a whole, and by the platform alone.");
}
