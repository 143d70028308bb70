using FsCheck;
using FsCheck.Fluent;
using NodaTime;

namespace Licensing.Kernel.Tests;

public sealed class BillingCalendarTests
{
    private static BillingCalendar In(string zone) =>
        BillingCalendar.TryCreate(zone, out var calendar) ? calendar : throw new ArgumentException(zone);

    [Theory]
    [InlineData("Europe/Vienna", "2024-03-31", "2024-03-30T23:00:00Z", 23)]
    [InlineData("Europe/Vienna", "2024-10-27", "2024-10-26T22:00:00Z", 25)]
    [InlineData("America/Santiago", "2023-09-03", "2023-09-03T04:00:00Z", 23)] // Midnight itself is skipped.
    [InlineData("America/Havana", "2023-11-05", "2023-11-05T04:00:00Z", 25)] // The first hour comes twice.
    [InlineData("Australia/Lord_Howe", "2024-04-07", "2024-04-06T13:00:00Z", 24.5)]
    [InlineData("UTC", "2024-03-31", "2024-03-31T00:00:00Z", 24)]
    public void A_day_with_a_clock_change_is_one_day(string zone, string day, string start, double hours)
    {
        var (calendar, date) = (In(zone), DateOnly.Parse(day));
        calendar.StartOf(date).ShouldBe(DateTimeOffset.Parse(start));
        (calendar.StartOf(date.AddDays(1)) - calendar.StartOf(date)).TotalHours.ShouldBe(hours);
        calendar.DayOf(calendar.StartOf(date)).ShouldBe(date);
        calendar.DayOf(calendar.StartOf(date.AddDays(1)).AddTicks(-1)).ShouldBe(date);
    }

    [Fact]
    public void The_day_of_an_instant_is_that_of_the_billing_zone()
    {
        var instant = DateTimeOffset.Parse("2024-03-31T22:30:00Z");
        BillingCalendar.Utc.DayOf(instant).ShouldBe(new DateOnly(2024, 3, 31));
        In("Europe/Vienna").DayOf(instant).ShouldBe(new DateOnly(2024, 4, 1));
        In("America/New_York").DayOf(instant).ShouldBe(new DateOnly(2024, 3, 31));
    }

    [Fact]
    public void A_clock_set_back_over_midnight_does_not_return_to_yesterday()
    {
        var calendar = In("America/St_Johns");
        // At 00:01 on 7 November 2010 the clock went back to 23:01 on the 6th.
        calendar.DayOf(DateTimeOffset.Parse("2010-11-07T02:30:30Z")).ShouldBe(new DateOnly(2010, 11, 7));
        calendar.DayOf(DateTimeOffset.Parse("2010-11-07T03:00:00Z")).ShouldBe(new DateOnly(2010, 11, 7));
    }

    [Fact]
    public void A_day_that_a_zone_left_out_has_no_instant_and_breaks_nothing()
    {
        var calendar = In("Pacific/Apia");
        calendar.StartOf(new DateOnly(2011, 12, 30)).ShouldBe(calendar.StartOf(new DateOnly(2011, 12, 31)));
        calendar.DayOf(DateTimeOffset.Parse("2011-12-30T09:59:59Z")).ShouldBe(new DateOnly(2011, 12, 29));
        calendar.DayOf(DateTimeOffset.Parse("2011-12-30T10:00:00Z")).ShouldBe(new DateOnly(2011, 12, 31));
    }

    [Theory]
    [InlineData("Mars/Olympus")]
    [InlineData("")]
    [InlineData(null)]
    public void An_unknown_zone_is_no_calendar(string? zone) => BillingCalendar.TryCreate(zone, out _).ShouldBeFalse();

    [Fact]
    public void Every_instant_lies_in_its_day_in_every_zone() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(
        (from zone in Gen.Elements(DateTimeZoneProviders.Tzdb.Ids.ToArray())
         from minutes in Gen.Choose(0, 40 * 366 * 24 * 60)
         select (zone, At: DateTimeOffset.Parse("1995-01-01T00:00:00Z").AddMinutes(minutes))).ToArbitrary(),
        sample =>
        {
            var calendar = In(sample.zone);
            var day = calendar.DayOf(sample.At);
            return calendar.StartOf(day) <= sample.At && sample.At < calendar.StartOf(day.AddDays(1));
        }));
}
