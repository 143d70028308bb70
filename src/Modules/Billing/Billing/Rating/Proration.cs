namespace Licensing.Billing.Rating;

/// <summary>The part of a full period that is charged: <paramref name="Days"/> of <paramref name="PeriodDays"/> actual days.</summary>
internal readonly record struct Proration(int Days, int PeriodDays)
{
    /// <summary>The days of <paramref name="active"/> that lie in <paramref name="period"/>; none of them is zero days, not an error.</summary>
    public static Proration Of(Period active, Period period) => new(period.Intersect(active)?.Days ?? 0, period.Days);

    /// <summary>The whole of <paramref name="period"/>.</summary>
    public static Proration Whole(Period period) => new(period.Days, period.Days);

    /// <summary>amount × days / days in the period, unrounded.</summary>
    public Exact Of(Exact amount) => Days == PeriodDays ? amount : amount * Days / PeriodDays;
}
