using System.Text.Json;

namespace Licensing.Kernel.Tests;

public sealed class PeriodTests
{
    [Theory]
    [InlineData("2024-02", "2024-02-01/2024-03-01", 29)]
    [InlineData("2023-12", "2023-12-01/2024-01-01", 31)]
    [InlineData("2024-03-05/2024-04-01", "2024-03-05/2024-04-01", 27)]
    [InlineData("[2024-03-05, 2024-03-06)", "2024-03-05/2024-03-06", 1)]
    public void A_period_is_a_month_or_half_open_days(string text, string period, int days)
    {
        Period.TryParse(text, out var parsed).ShouldBeTrue();
        (parsed.ToString(), parsed.Days).ShouldBe((period, days));
    }

    [Theory]
    [InlineData("2024-13")]
    [InlineData("2024-2")]
    [InlineData("2024")]
    [InlineData("9999-12")]
    [InlineData("2024-03-05/2024-03-05")]
    [InlineData("2024-03-05/2024-03-04")]
    [InlineData("2024-02-30/2024-03-04")]
    [InlineData("[2024-03-05,2024-03-06]")]
    [InlineData("2024-03-05T00:00:00Z/2024-03-06T00:00:00Z")]
    [InlineData("")]
    [InlineData(null)]
    public void Anything_else_is_not_a_period(string? text) => Period.TryParse(text, out _).ShouldBeFalse();

    [Theory]
    [InlineData("2024-02", true)]
    [InlineData("2024-13", false)]
    [InlineData("2024-2", false)]
    [InlineData(" 2024-2", false)]
    [InlineData("9999-12", false)]
    [InlineData("2024-02-01/2024-03-01", false)]
    [InlineData("[2024-02-01,2024-03-01)", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_month_is_nothing_else_that_a_period_may_be(string? text, bool read) => Period.TryParseMonth(text, out _).ShouldBe(read);

    [Fact]
    public void The_first_day_counts_and_the_end_day_does_not()
    {
        var march = Period.Month(2024, 3);
        march.Contains(new DateOnly(2024, 3, 1)).ShouldBeTrue();
        march.Contains(new DateOnly(2024, 3, 31)).ShouldBeTrue();
        march.Contains(new DateOnly(2024, 4, 1)).ShouldBeFalse();
        march.Contains(Period.Parse("2024-03-31/2024-04-01")).ShouldBeTrue();
        march.Contains(Period.Parse("2024-03-31/2024-04-02")).ShouldBeFalse();
    }

    [Fact]
    public void Periods_that_only_touch_share_no_day()
    {
        Period.Month(2024, 3).Intersect(Period.Month(2024, 4)).ShouldBeNull();
        Period.Month(2024, 3).Intersect(Period.Parse("2024-03-20/2024-05-01")).ShouldBe(Period.Parse("2024-03-20/2024-04-01"));
    }

    [Fact]
    public void A_period_travels_as_start_and_end()
    {
        const string json = """{"start":"2024-03-05","end":"2024-04-01"}""";
        JsonSerializer.Serialize(JsonSerializer.Deserialize<Period>(json)).ShouldBe(json);
        JsonSerializer.Deserialize<Period>("\"2024-03\"").ShouldBe(Period.Month(2024, 3));
    }

    [Theory]
    [InlineData("""{"start":"2024-03-05"}""")]
    [InlineData("""{"start":"2024-03-05","end":"2024-03-05"}""")]
    [InlineData("""{"start":"2024-03-05","end":"2024-03-06","days":1}""")]
    [InlineData("""{"start":"2024-03-05","start":"2024-03-05","end":"2024-03-06"}""")]
    [InlineData("""{"start":20240305,"end":"2024-03-06"}""")]
    [InlineData("202403")]
    public void A_malformed_period_is_refused(string json) => Should.Throw<JsonException>(() => JsonSerializer.Deserialize<Period>(json));
}
