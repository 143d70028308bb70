using Licensing.Identity.Contracts;
using Licensing.Kernel.Operations;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Summaries;

internal enum SummaryGroup { Subscription, Tenant, Partner, Distributor }

/// <summary>The amounts of one group in one currency; what is not on an invoice yet is <paramref name="Estimated"/>.</summary>
internal sealed record SummaryItem(
    string Key, Guid? OrganizationId, string? ExternalId, string? Name, SubscriptionId? SubscriptionId, int Invoices, Money Net, Money Tax,
    Money Total,
    string UsageExact, bool Estimated)
{
    public static SummaryItem Of(string key, OrganizationRef? organization, IReadOnlyList<BilledAmount> amounts)
    {
        var total = SummaryTotal.Of(amounts);
        return new SummaryItem(
            key, organization?.Id.Value, organization?.ExternalId, organization?.DisplayName, amounts[0].SubscriptionId, amounts.Sum(x => x.Invoices),
            total.Net, total.Tax, total.Total, total.UsageExact, amounts.Any(x => x.Estimated));
    }
}

internal sealed record SummaryTotal(Money Net, Money Tax, Money Total, string UsageExact)
{
    /// <summary>Of amounts in one currency.</summary>
    public static SummaryTotal Of(IReadOnlyList<BilledAmount> amounts)
    {
        var currency = amounts[0].Net.Currency;
        var (net, tax) = (Money.Sum(currency, amounts.Select(x => x.Net)), Money.Sum(currency, amounts.Select(x => x.Tax)));
        return new SummaryTotal(net, tax, net + tax, Exact.Sum(amounts.Select(x => x.UsageExact)).ToString());
    }
}

/// <param name="Period">The month.</param>
/// <param name="GroupBy">What an item is.</param>
/// <param name="Estimated">Whether something in it is not on an invoice yet.</param>
/// <param name="Items">Ordered by key.</param>
/// <param name="Next">Where the next page goes on.</param>
/// <param name="Totals">Of all pages, one per currency.</param>
/// <param name="NotBillable">Tenants that would not be billed now, with the reason; at most a hundred.</param>
internal sealed record SummaryView(
    Period Period, SummaryGroup GroupBy, bool Estimated, IReadOnlyList<SummaryItem> Items, string? Next, IReadOnlyList<SummaryTotal> Totals,
    IReadOnlyList<OperationError> NotBillable);
