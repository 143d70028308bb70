using FsCheck;
using FsCheck.Fluent;
using Licensing.Provisioning.Subscriptions;

namespace Licensing.Provisioning.Tests.Subscriptions;

public sealed class AnchorTests
{
    private static readonly Arbitrary<Anchor> Anchors = (
        from months in Gen.Elements(1, 1, 2, 3, 6, 12, 24, 36)
        from year in Gen.Choose(1990, 2040)
        from month in Gen.Choose(1, 12)
        from day in Gen.Choose(1, 31)
        select Anchor.Every(months, new DateOnly(year, month, Math.Min(day, DateTime.DaysInMonth(year, month))))).ToArbitrary();

    private static string[] Starts(Anchor anchor, string first, int count)
    {
        var day = DateOnly.Parse(first);
        var starts = new List<string>();
        for (; starts.Count < count; day = anchor.Next(day))
            starts.Add($"{anchor.PeriodAt(day).Start:yyyy-MM-dd}");
        return [.. starts];
    }

    [Fact]
    public void Anchor_31_falls_on_the_last_day_of_a_shorter_month_and_comes_back() =>
        Starts(Anchor.Every(1, new DateOnly(2000, 1, 31)), "2024-01-31", 5)
            .ShouldBe(["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]);

    [Fact]
    public void Anchor_29_falls_on_28_February_in_common_years_only() =>
        Starts(Anchor.Every(1, new DateOnly(2000, 1, 29)), "2023-01-29", 3).ShouldBe(["2023-01-29", "2023-02-28", "2023-03-29"]);

    [Fact]
    public void Yearly_from_29_February_is_28_February_in_common_years() =>
        Starts(Anchor.Every(12, new DateOnly(2000, 2, 29)), "2020-02-29", 5)
            .ShouldBe(["2020-02-29", "2021-02-28", "2022-02-28", "2023-02-28", "2024-02-29"]);

    [Fact]
    public void Quarters_from_30_November_come_back_after_February() =>
        Starts(Anchor.Every(3, new DateOnly(2023, 11, 30)), "2023-11-30", 4).ShouldBe(["2023-11-30", "2024-02-29", "2024-05-30", "2024-08-30"]);

    [Fact]
    public void Periods_before_the_anchor_are_counted_back_from_it()
    {
        Anchor.Every(3, new DateOnly(2024, 1, 31)).PeriodAt(new DateOnly(2023, 10, 30)).ShouldBe(Period.Parse("2023-07-31/2023-10-31"));
        Anchor.Every(3, new DateOnly(2024, 1, 31)).PeriodAt(new DateOnly(2023, 10, 31)).ShouldBe(Period.Parse("2023-10-31/2024-01-31"));
    }

    [Fact]
    public void A_step_of_no_months_is_a_bug() =>
        Should.Throw<ArgumentOutOfRangeException>(() => Anchor.Every(0, new DateOnly(2024, 1, 1)));

    [Fact]
    public void Four_hundred_months_of_periods_cover_every_day_exactly_once() => Check.One(Config.QuickThrowOnFailure, Prop.ForAll(Anchors, anchor =>
    {
        var day = anchor.PeriodAt(new DateOnly(2000, 1, 1)).Start;
        var end = day.AddMonths(400);
        while (day < end)
        {
            var period = anchor.PeriodAt(day);
            if (period.Start != day)
                return false;
            for (; day < period.End; day = day.AddDays(1))
            {
                if (anchor.PeriodAt(day) != period)
                    return false;
            }
        }

        return true;
    }));
}
