using Licensing.Commissions.Contracts;
using Licensing.Kernel.Operations;

namespace Licensing.Commissions.Statements;

internal static class StatementRefusals
{
    private const int MostNamed = 20;

    public static Refusal PeriodNotOver(Period period) => new(
        RefusalKind.Conflict, "period_not_over", $"The period ends on {period.End:yyyy-MM-dd}; its commissions can be closed from that day on.");

    public static Refusal BillingNotFinished { get; } = new(
        RefusalKind.Conflict, "billing_not_finished", "The period's billing run has not finished, or some of its invoices are still drafts.");

    public static Refusal CommissionsMissing(IReadOnlyList<OperationError> missing)
    {
        var named = string.Join(", ", missing.Take(MostNamed).Select(x => $"{x.Subject} ({x.Code})"));
        var others = missing.Count > MostNamed ? $" and {missing.Count - MostNamed} more" : "";
        return new(RefusalKind.Conflict, "commissions_missing", $"The commission of these organisations cannot be told yet: {named}{others}.");
    }

    public static Refusal TimeZoneChanged(Period other, string now) => new(
        RefusalKind.Conflict, "billing_time_zone_changed",
        $"{other.Start:yyyy-MM} was closed by another billing time zone than {now}, so that credit notes would count twice or not at all.");

    public static Refusal NotFound(StatementId id) => new(RefusalKind.NotFound, "statement_not_found", $"There is no statement {id.Value}.");

    public static OperationError ExchangeRateMissing(string externalId, Currency from, Currency to) => new(
        externalId, "exchange_rate_missing", $"There is no exchange rate from {from} to {to}, so the commission cannot be told.");
}
