namespace Licensing.Provisioning.Subscriptions;

/// <summary>
/// The day on which periods begin. Every boundary is counted from the anchor itself and falls on the last day of a shorter month,
/// so it comes back: 31 Jan → 28/29 Feb → 31 Mar; yearly from 29 Feb is 28 Feb in common years.
/// </summary>
internal readonly record struct Anchor
{
    private Anchor(DateOnly from, int months) => (From, Months) = (from, months);

    /// <summary>One boundary; all others lie whole steps before or after it.</summary>
    public DateOnly From { get; }

    /// <summary>The length of a period.</summary>
    public int Months { get; }

    /// <summary>Periods of <paramref name="months"/> months, one of which begins on <paramref name="from"/>.</summary>
    public static Anchor Every(int months, DateOnly from)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(months, 1);
        return new(from, months);
    }

    /// <summary>The one period that contains <paramref name="day"/>.</summary>
    public Period PeriodAt(DateOnly day)
    {
        var months = (day.Year - From.Year) * 12 + day.Month - From.Month;
        var step = months >= 0 ? months / Months : -((Months - 1 - months) / Months);
        if (Boundary(step) > day)
            step--;
        return new(Boundary(step), Boundary(step + 1));
    }

    /// <summary>The first boundary after <paramref name="day"/>.</summary>
    public DateOnly Next(DateOnly day) => PeriodAt(day).End;

    private DateOnly Boundary(int step) => From.AddMonths(step * Months);
}
