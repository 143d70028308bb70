using Licensing.Identity.Contracts;
using Licensing.Kernel.Operations;
using Licensing.Provisioning.Contracts;

namespace Licensing.Billing.Summaries;

internal enum SummaryGroup { Subscription, Tenant, Partner, Distributor }

/// <summary>The amounts of one group in one currency.</summary>
internal sealed record SummaryItem : SummaryTotal
{
    private SummaryItem(SummaryTotal amounts) : base(amounts)
    {
    }

    public required string Key { get; init; }
    public Guid? OrganizationId { get; init; }
    public string? ExternalId { get; init; }
    public string? Name { get; init; }
    public SubscriptionId? SubscriptionId { get; init; }

    /// <summary>Issued ones and drafts.</summary>
    public int Invoices { get; init; }

    /// <summary>Whether something of it is on no invoice yet.</summary>
    public bool Estimated { get; init; }

    public static SummaryItem Of(SummaryLine x, OrganizationRef? organization) => new(x.Total)
    {
        Key = x.Key,
        OrganizationId = organization?.Id.Value,
        ExternalId = organization?.ExternalId,
        Name = organization?.DisplayName,
        SubscriptionId = x.SubscriptionId,
        Invoices = x.Invoices,
        Estimated = x.Estimated,
    };
}

/// <summary>One group in one currency, without the name of whose it is.</summary>
/// <param name="Key">What it is grouped by.</param>
/// <param name="Path">Of the organisation that it is named by.</param>
internal sealed record SummaryLine(string Key, string Path, SubscriptionId? SubscriptionId, int Invoices, SummaryTotal Total, bool Estimated)
{
    /// <summary>In the order of which the lines are.</summary>
    public string Cursor => $"{Key}\u0001{Total.Net.Currency.Code}";

    public static SummaryLine Of(string key, string path, IReadOnlyList<BilledAmount> amounts) => new(
        key, path, amounts[0].SubscriptionId, amounts.Sum(x => x.Invoices), SummaryTotal.Of(amounts),
        amounts.Any(x => x.State is BillState.Unbilled));
}

/// <summary>All that the pages of one summary are cut from.</summary>
internal sealed record SummaryFigures(
    IReadOnlyList<SummaryLine> Lines, IReadOnlyList<SummaryTotal> Totals, IReadOnlyList<OperationError> NotBillable);

/// <summary>Amounts in one currency.</summary>
/// <param name="Charges">What was rated, before anything was taken off.</param>
/// <param name="Discounts">What caps and coupons took off.</param>
/// <param name="Credits">What credits took off, money and units.</param>
/// <param name="Net">Charges less discounts and credits.</param>
/// <param name="Tax">On <paramref name="Net"/>.</param>
/// <param name="Total">Net and tax; what is issued, drafted and unbilled together.</param>
/// <param name="Issued">Of the total, what is on issued invoices, paid ones too.</param>
/// <param name="Drafted">Of the total, what is on drafts.</param>
/// <param name="Unbilled">Of the total, what is on no invoice yet and would be if the month were billed now.</param>
/// <param name="Credited">What credit notes took back of what is issued, with tax; not taken off the total.</param>
/// <param name="UsageExact">The usage in it, unrounded, before discounts and credits.</param>
internal record SummaryTotal(
    Money Charges, Money Discounts, Money Credits, Money Net, Money Tax, Money Total, Money Issued, Money Drafted, Money Unbilled, Money Credited,
    string UsageExact)
{
    /// <summary>Of amounts in one currency.</summary>
    public static SummaryTotal Of(IReadOnlyList<BilledAmount> amounts)
    {
        var currency = amounts[0].Net.Currency;
        Money Sum(Func<BilledAmount, Money> of) => Money.Sum(currency, amounts.Select(of));
        Money In(BillState state) => Money.Sum(currency, amounts.Where(x => x.State == state).Select(x => x.Net + x.Tax));
        var (discounts, credits, net, tax) = (Sum(x => x.Discounts), Sum(x => x.Credits), Sum(x => x.Net), Sum(x => x.Tax));
        return new SummaryTotal(
            net + discounts + credits, discounts, credits, net, tax, net + tax, In(BillState.Issued), In(BillState.Drafted), In(BillState.Unbilled),
            Sum(x => x.Credited), Exact.Sum(amounts.Select(x => x.UsageExact)).ToString());
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
