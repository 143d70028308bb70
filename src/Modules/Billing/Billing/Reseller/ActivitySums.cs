using Licensing.Billing.Activity;

namespace Licensing.Billing.Reseller;

/// <summary>
/// Adds up parts as they come, month by month and account by account, and knows when a sum gets no more: those of an account's month, or of a month
/// where all accounts are added up, are held and no others.
/// </summary>
internal sealed class ActivitySums(ActivityGroup by, Period range)
{
    private readonly record struct Key(DateOnly Start, DateOnly End, string Meter, string Currency);

    private sealed class Sum
    {
        public required NamedPart First { get; init; }
        public Exact Quantity { get; set; }
        public Exact? UnitPrice { get; set; }
        public Money Amount { get; set; }
        public Money Net { get; set; }
    }

    private readonly Dictionary<Key, Sum> _sums = [];
    private (DateOnly Month, Guid Tenant)? _at;

    public bool IsDoneBefore(NamedPart part) => _at is { } at && at != PlaceOf(part);

    public void Add(NamedPart named)
    {
        _at = PlaceOf(named);
        var (part, line) = (named.Part, named.Part.Line);
        var days = DaysOf(part);
        var key = new Key(days.Start, days.End, by is ActivityGroup.Account ? "" : line.Meter, part.Net.Currency.Code);
        if (!_sums.TryGetValue(key, out var sum))
        {
            var none = Money.Zero(part.Net.Currency);
            _sums.Add(key, sum = new Sum { First = named, UnitPrice = line.UnitPrice, Amount = none, Net = none });
        }

        sum.Quantity += part.Quantity;
        sum.UnitPrice = sum.UnitPrice == line.UnitPrice ? sum.UnitPrice : null;
        sum.Amount += part.Gross;
        sum.Net += part.Net;
    }

    /// <summary>The sums so far, which get nothing more.</summary>
    public IReadOnlyList<GetChargeableActivityReport.ActivityReportRow> Take()
    {
        var rows = _sums.OrderBy(x => x.Key.Start).ThenBy(x => x.Key.Meter, StringComparer.Ordinal)
            .ThenBy(x => x.Key.Currency, StringComparer.Ordinal).Select(x => RowOf(x.Key, x.Value)).ToList();
        _sums.Clear();
        return rows;
    }

    private (DateOnly Month, Guid Tenant) PlaceOf(NamedPart named) =>
        (named.Part.Line.Month.Start, by is ActivityGroup.Meter ? Guid.Empty : named.Part.Line.TenantId.Value);

    private Period DaysOf(ChargedPart part)
    {
        if (by is ActivityGroup.Day)
            return part.Days;
        var month = part.Line.Month;
        return new Period(month.Start < range.Start ? range.Start : month.Start, month.End > range.End ? range.End : month.End);
    }

    private GetChargeableActivityReport.ActivityReportRow RowOf(Key key, Sum sum)
    {
        var (ofAll, ofMeters) = (by is ActivityGroup.Meter, by is ActivityGroup.Account);
        return new(
            ofAll ? null : sum.First.Tenant?.Code, ofAll ? null : sum.First.Tenant?.DisplayName, key.Start, key.End,
            ofMeters ? null : key.Meter, ofMeters ? null : sum.First.Meter?.Unit, ofMeters ? null : sum.Quantity.ToString(),
            ofMeters ? null : sum.UnitPrice?.ToString(), sum.Amount.ToAmountString(), sum.Net.ToAmountString(), key.Currency);
    }
}
