namespace Licensing.Commissions.Schemes;

internal static class SchemeRefusals
{
    public static Refusal OrganizationNotFound(Guid id) => new(RefusalKind.NotFound, "organization_not_found", $"There is no organisation {id}.");

    public static Refusal NotFound(SchemeId id) => new(RefusalKind.NotFound, "scheme_not_found", $"There is no scheme {id.Value}.");

    public static Refusal EarnsNothing { get; } = Refusal.Field(
        "/organizationId", "earns_no_commission", "Only distributors and partners earn commissions.");

    public static Refusal OtherCurrency(Currency currency) => Refusal.Field(
        "/minimumPayout/currency", "currency_mismatch", $"The organisation is paid in {currency}.");

    public static Refusal NotAMonth { get; } = Refusal.Field("/validFrom", "not_a_month", "validFrom must be a month, yyyy-MM.");

    public static Refusal SetAlready { get; } = new(
        RefusalKind.Conflict, "scheme_exists", "The organisation has a scheme from this month on; what was agreed for a month does not change.");

    public static Refusal MonthClosed { get; } = new(
        RefusalKind.Conflict, "period_closed", "Commissions are closed for this month or a later one; let the scheme begin after it.");
}
