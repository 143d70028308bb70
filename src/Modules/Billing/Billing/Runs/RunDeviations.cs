using Licensing.Billing.Data;
using Licensing.Billing.Invoices;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Runs;

/// <summary>One currency's net of a period and of the period before.</summary>
/// <param name="Currency">Its code.</param>
/// <param name="Net">Of this period.</param>
/// <param name="Before">Of the period before.</param>
/// <param name="Percent">By how much it differs, of what was before; null where that was nothing.</param>
internal sealed record RunDeviation(string Currency, decimal Net, decimal Before, decimal? Percent);

/// <summary>
/// Compares a period with the one before. Where nothing was billed before, there is nothing to compare with; where something was, a currency that
/// is new or gone differs by all of it.
/// </summary>
internal sealed class RunDeviations(BillingDb db, BillingSettings settings)
{
    /// <summary>The currencies that are too far from the period before.</summary>
    public async Task<IReadOnlyList<RunDeviation>> OfAsync(OrganizationId seller, Period period, CancellationToken ct) =>
        TooFar(await NetsAsync(seller, period, ct), await BeforeAsync(seller, period, ct));

    public IReadOnlyList<RunDeviation> TooFar(
        IReadOnlyDictionary<Currency, decimal> nets, IReadOnlyDictionary<Currency, decimal> before) =>
        settings.MostDeviationPercent <= 0 || before.Count == 0
            ? []
            : [.. Compare(nets, before).Where(x => Math.Abs(x.Net - x.Before) > settings.LeastDeviation
                && (x.Percent is not { } percent || Math.Abs(percent) > settings.MostDeviationPercent))];

    public static IEnumerable<RunDeviation> Compare(
        IReadOnlyDictionary<Currency, decimal> nets, IReadOnlyDictionary<Currency, decimal> before) =>
        nets.Keys.Union(before.Keys).OrderBy(currency => currency.Code, StringComparer.Ordinal)
            .Select(currency => (Code: currency.Code, Now: nets.GetValueOrDefault(currency), Then: before.GetValueOrDefault(currency)))
            .Select(x => new RunDeviation(x.Code, x.Now, x.Then, x.Then == 0 ? null : Math.Round((x.Now - x.Then) * 100 / x.Then, 2)));

    public Task<IReadOnlyDictionary<Currency, decimal>> BeforeAsync(OrganizationId seller, Period period, CancellationToken ct) =>
        NetsAsync(seller, new Period(period.Start.AddMonths(-1), period.Start), ct);

    private async Task<IReadOnlyDictionary<Currency, decimal>> NetsAsync(OrganizationId seller, Period period, CancellationToken ct) =>
        await db.Invoices.AsNoTracking()
            .Where(x => x.SellerId == seller && x.PeriodStart == period.Start && x.PeriodEnd == period.End
                && x.Status != InvoiceStatus.Void)
            .GroupBy(x => x.Currency).Select(group => new { group.Key, Net = group.Sum(x => x.Net) })
            .ToDictionaryAsync(x => x.Key, x => x.Net, ct);
}
