namespace Licensing.Billing.Summaries;

internal static class SummaryRefusals
{
    public static Refusal TooWide(int most) => new(
        RefusalKind.Invalid, "summary_too_wide",
        $"More than {most} tenants would have to be rated now. Bill the period, or ask for a smaller branch.");
}
