namespace Licensing.Catalog.Pricing;

/// <summary>From which month on a price of a list holds.</summary>
internal sealed class PriceMonths(BillingCalendar calendar, TimeProvider clock)
{
    /// <summary>From which month on a change holds.</summary>
    /// <param name="Month">Its first day.</param>
    /// <param name="IsSaid">Whether the caller said so; if not, what is new to a list holds ever since the list does.</param>
    internal readonly record struct Start(DateOnly Month, bool IsSaid);

    /// <summary>The month that is asked for, else the running one: a month that is over is billed by the prices that stood in it.</summary>
    /// <param name="validFrom">What is asked for, or null.</param>
    /// <param name="pointer">Where it stands in the request.</param>
    public Result<Start> Of(DateOnly? validFrom, string pointer = "/validFrom")
    {
        var today = calendar.DayOf(clock.GetUtcNow());
        var running = new DateOnly(today.Year, today.Month, 1);
        if (validFrom is not { } from)
            return new Start(running, IsSaid: false);
        if (from.Day != 1)
            return Refusal.Field(pointer, "not_first_of_month", "validFrom must be the first day of a month.");
        return from > running
            ? Refusal.Field(
                pointer, "out_of_range", "validFrom must not be after the running month; prices of months to come are a list of their own.")
            : new Start(from, IsSaid: true);
    }
}
