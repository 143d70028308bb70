namespace Licensing.Billing.Activity;

internal static class ActivityRefusals
{
    public static Refusal TooWide(int most) => new(
        RefusalKind.Invalid, "summary_too_wide",
        $"More than {most} tenants' months would have to be rated now. Bill them, or ask for a smaller branch or fewer months.");
}
