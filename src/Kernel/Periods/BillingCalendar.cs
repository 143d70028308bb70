using System.Diagnostics.CodeAnalysis;
using NodaTime;
using NodaTime.Extensions;
using NodaTime.TimeZones;

namespace Licensing.Kernel;

/// <summary>
/// The days of the billing time zone. Each day is the half-open stretch between two starts of day, so every instant belongs to
/// exactly one day and a day with a clock change is one day. Zones come from the IANA data that NodaTime carries, not from the machine.
/// </summary>
public sealed class BillingCalendar
{
    // A midnight that the clock skips starts when the clock goes on; one that it repeats starts the first time.
    private static readonly ZoneLocalMappingResolver FirstMoment = Resolvers.CreateMappingResolver(
        Resolvers.ReturnEarlier, Resolvers.ReturnStartOfIntervalAfter);

    private readonly DateTimeZone _zone;

    private BillingCalendar(DateTimeZone zone) => _zone = zone;

    public static BillingCalendar Utc { get; } = new(DateTimeZone.Utc);

    /// <summary>The IANA identifier, such as Europe/Vienna.</summary>
    public string TimeZone => _zone.Id;

    /// <summary>False when <paramref name="timeZone"/> is not an IANA identifier (or alias).</summary>
    public static bool TryCreate([NotNullWhen(true)] string? timeZone, [NotNullWhen(true)] out BillingCalendar? calendar)
    {
        var zone = timeZone is null ? null : DateTimeZoneProviders.Tzdb.GetZoneOrNull(timeZone);
        calendar = zone is null ? null : new(zone);
        return calendar is not null;
    }

    /// <summary>The day to which an instant belongs.</summary>
    public DateOnly DayOf(DateTimeOffset instant)
    {
        var day = instant.ToInstant().InZone(_zone).Date.ToDateOnly();
        // A clock set back over midnight shows yesterday's date again after today has started; today does not end by that.
        return instant >= StartOf(day.AddDays(1)) ? day.AddDays(1) : day;
    }

    /// <summary>The first instant of a day, in UTC.</summary>
    public DateTimeOffset StartOf(DateOnly day) =>
        _zone.ResolveLocal(day.ToLocalDate().AtMidnight(), FirstMoment).ToInstant().ToDateTimeOffset();
}
