namespace Licensing.Billing.Exports;

internal static class JournalRefusals
{
    public const string MonthOpenCode = "journal_month_open";

    public static Refusal MonthOpen(Period month) => new(
        RefusalKind.Conflict, MonthOpenCode,
        $"The journal of {month.Start:yyyy-MM} is not closed. The first export by who has {BillingPermissions.LedgerClose} closes it, for good.");

    public static Refusal NotThePlatform { get; } = new(
        RefusalKind.Forbidden, "not_the_seller", "A month of the journal is closed for the platform as a whole.");
}
