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
    public static SummaryItem Of(SummaryLine x, OrganizationRef? organization) => new(
        x.Key, organization?.Id.Value, organization?.ExternalId, organization?.DisplayName, x.SubscriptionId, x.Invoices, x.Total.Net, x.Total.Tax,
        x.Total.Total, x.Total.UsageExact, x.Estimated);
}

/// <summary>One group in one currency, without the name of whose it is.</summary>
/// <param name="Key">What it is grouped by.</param>
/// <param name="Path">Of the organisation that it is named by.</param>
internal sealed record SummaryLine(string Key, string Path, SubscriptionId? SubscriptionId, int Invoices, SummaryTotal Total, bool Estimated)
{
    /// <summary>In the order of which the lines are.</summary>
    public string Cursor => $"{Key}\u0001{Total.Net.Currency.Code}";

    public static SummaryLine Of(string key, string path, IReadOnlyList<BilledAmount> amounts) => new(
        key, path, amounts[0].SubscriptionId, amounts.Sum(x => x.Invoices), SummaryTotal.Of(amounts), amounts.Any(x => x.Estimated));
}

/// <summary>All that the pages of one summary are cut from.</summary>
internal sealed record SummaryFigures(
    IReadOnlyList<SummaryLine> Lines, IReadOnlyList<SummaryTotal> Totals, IReadOnlyList<OperationError> NotBillable);

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
