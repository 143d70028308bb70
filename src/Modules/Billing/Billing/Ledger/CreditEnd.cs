namespace Licensing.Billing.Ledger;

/// <summary>
/// When what comes in ends: at an instant, so many months after it came, or never. Credits, unlike money and points, always end.
/// </summary>
internal readonly record struct CreditEnd
{
    public const int MostMonths = 12;

    private DateTimeOffset? Instant { get; init; }

    private int? Months { get; init; }

    public static CreditEnd At(DateTimeOffset? instant) => new() { Instant = instant };

    public static CreditEnd InMonths(int? months) => new() { Months = months };

    /// <summary>The end of what came in at <paramref name="now"/>: at the same time of day, in UTC, or that of the month's last day.</summary>
    public DateTimeOffset? Of(string unit, DateTimeOffset now)
    {
        var months = Months ?? (Instant is null && unit == CreditUnits.Credits ? MostMonths : null);
        var end = (months is { } after ? now.ToUniversalTime().AddMonths(after) : Instant)?.ToUniversalTime();
        // As the database keeps it, no finer: else it would be refused, or differ from itself when it is asked for again.
        return end?.AddTicks(-(end.Value.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
