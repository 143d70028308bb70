using System.Runtime.CompilerServices;
using Licensing.Usage.Contracts;

namespace Licensing.Billing.Activity;

/// <summary>How lines are taken apart.</summary>
internal enum LineSplit
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>By day where the quantities of the days add up to the line's; else not at all.</summary>
    Additive,

    /// <summary>Each by day, whatever its quantities mean.</summary>
    EachDay,
}

/// <summary>A line, or what of it falls on one day.</summary>
internal sealed record ChargedPart(ChargedLine Line, Period Days, Exact Quantity, Money Gross, Money Net)
{
    /// <summary>Its part of the line's tax.</summary>
    public Money Tax { get; init; } = Money.Zero(Net.Currency);

    /// <summary>Whether it is the line, however many days that has.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Whether no other part of the line is before it.</summary>
    public bool IsFirst { get; init; }

    public LinePlace Place => IsWhole ? LinePlace.After(Line) : LinePlace.Of(Line, Days.Start);
}

/// <summary>What is read.</summary>
/// <param name="Range">Which days. Lines of a whole month that are for other days than its own are with it.</param>
/// <param name="Filter">Which lines.</param>
/// <param name="Estimated">The months of which tenants without an invoice are rated.</param>
internal sealed record PartsAsked(Period Range, LineFilter Filter, IReadOnlySet<DateOnly> Estimated);

/// <summary>Reads the lines of months in parts, month by month and tenant by tenant; the parts add up to the lines, to the cent.</summary>
internal sealed class ChargedParts(ChargedLines lines, Estimates estimates, IUsageTotals usage, BillingCalendar calendar, TimeProvider clock)
{
    /// <summary>Refused where too many tenants would have to be rated now. Of a month that has not begun nothing is estimated.</summary>
    public async Task<Result<PartsAsked>> AskAsync(Period range, LineFilter filter, CancellationToken ct)
    {
        var today = calendar.DayOf(clock.GetUtcNow());
        var months = Months(range, null).TakeWhile(month => month.Start <= today);
        return (await estimates.DueAsync(months, filter, ct)).Refused(out var refusal, out var due) ? refusal : new PartsAsked(range, filter, due);
    }

    /// <param name="asked">What.</param>
    /// <param name="split">How lines are taken apart.</param>
    /// <param name="after">Goes on there.</param>
    /// <param name="chunk">About how many lines are read at a time.</param>
    /// <param name="ct">Gives up.</param>
    public async IAsyncEnumerable<ChargedPart> ReadAsync(
        PartsAsked asked, LineSplit split, LinePlace? after, int chunk, [EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var month in Months(asked.Range, after?.Month))
        {
            var from = after?.Month == month.Start ? after : LinePlace.StartOf(month.Start);
            await foreach (var some in lines.ReadAsync(month, asked.Filter, asked.Estimated.Contains(month.Start), from, chunk, ct))
            {
                var used = split is LineSplit.None ? null : await UsedAsync(some, ct);
                // Of a line some days of which are told already the others follow, whether its days still add up or not.
                foreach (var line in some)
                    foreach (var part in Parts(line, from.IsWithin(line) ? LineSplit.EachDay : split, used))
                        if (!from.IsPast(line, part.Days.Start) && IsWithin(asked.Range, part))
                            yield return part;
            }
        }
    }

    private static IEnumerable<Period> Months(Period range, DateOnly? from)
    {
        var first = new DateOnly(range.Start.Year, range.Start.Month, 1);
        for (var month = from > first ? from.Value : first; month < range.End; month = month.AddMonths(1))
            yield return Period.Month(month.Year, month.Month);
    }

    private static bool IsWithin(Period range, ChargedPart part) =>
        range.Contains(part.Days.Start) || (part.Line.IsBeside && range.Contains(part.Line.Month));

    private static IEnumerable<ChargedPart> Parts(ChargedLine line, LineSplit split, ILookup<(Guid, string), DailyUsage>? used)
    {
        var whole = new ChargedPart(line, line.Days, line.Quantity, line.Gross, line.Net) { IsWhole = true, IsFirst = true, Tax = TaxOf(line) };
        if (used is null)
            return [whole];
        // Days of another month are not those of this one's rows. What came late is a part of what was used on them, and the rollups do not tell
        // which; by day it is counted there already.
        if (line.IsBeside)
            return [split is LineSplit.EachDay && line.IsLate ? whole with { Quantity = 0 } : whole];
        var days = DailySpread.Of(line.Days, line.Gross, line.Net, line.Quantity, line.IsUsage ? DaysOf(line, used) : null);
        if (split is LineSplit.EachDay)
            return OfDays(line, days);
        var parts = OfDays(line, days).ToList();
        return Exact.Sum(parts.Select(part => part.Quantity)) == line.Quantity ? parts : [whole];
    }

    private static IEnumerable<ChargedPart> OfDays(ChargedLine line, IEnumerable<DailyPart> days)
    {
        // What is taxed up to a day less what is taxed up to the one before it: the days of any stretch add up to what falls on it.
        var (net, tax, isFirst) = (Money.Zero(line.Net.Currency), Money.Zero(line.Net.Currency), true);
        foreach (var day in days)
        {
            net += day.Amount;
            // Exact: of the largest amounts the product is beyond a decimal.
            var upTo = line.Net.Amount != 0 && ((Exact)TaxOf(line).Amount * net.Amount / line.Net.Amount).TryRound(net.Currency, out var share)
                ? share
                : TaxOf(line);
            yield return new ChargedPart(line, new Period(day.Day, day.Day.AddDays(1)), day.Quantity, day.Gross, day.Amount)
            {
                IsFirst = isFirst,
                Tax = upTo - tax,
            };
            (tax, isFirst) = (upTo, false);
        }
    }

    private static Money TaxOf(ChargedLine line) => line.Tax?.Amount ?? Money.Zero(line.Net.Currency);

    private async Task<ILookup<(Guid Subscription, string Meter), DailyUsage>> UsedAsync(IReadOnlyList<ChargedLine> lines, CancellationToken ct)
    {
        var ofUsage = lines.Where(line => line.IsUsage && !line.IsBeside).ToList();
        if (ofUsage.Count == 0)
            return Enumerable.Empty<DailyUsage>().ToLookup(_ => (Guid.Empty, ""));
        var days = await usage.OfDaysAsync(
            new Period(ofUsage.Min(line => line.Days.Start), ofUsage.Max(line => line.Days.End)),
            [.. ofUsage.Select(line => line.TenantId).Distinct()], [.. ofUsage.Select(line => line.SubscriptionId).Distinct()], ct);
        return days.ToLookup(day => (day.Total.SubscriptionId.Value, day.Total.Meter));
    }

    /// <summary>
    /// What a line was rated from, by day. A plan's charge is of all SKUs, or where price lists are used of what has none: the one that adds up
    /// to the line's quantity.
    /// </summary>
    private static Dictionary<DateOnly, Exact> DaysOf(ChargedLine line, ILookup<(Guid, string), DailyUsage> used)
    {
        var all = used[(line.SubscriptionId.Value, line.Meter)].Where(day => line.Days.Contains(day.Day)).ToList();
        if (line.ChargeKey.Length == 0)
            return Summed(all.Where(day => day.Total.Sku == line.Sku && day.Total.Region == line.Region));
        var (whole, withoutSku) = (Summed(all), Summed(all.Where(day => day.Total.Sku.Length == 0)));
        return Exact.Sum(whole.Values) != line.Quantity && Exact.Sum(withoutSku.Values) == line.Quantity ? withoutSku : whole;
    }

    private static Dictionary<DateOnly, Exact> Summed(IEnumerable<DailyUsage> days) =>
        days.GroupBy(day => day.Day).ToDictionary(day => day.Key, day => Exact.Sum(day.Select(x => x.Total.Quantity)));
}
