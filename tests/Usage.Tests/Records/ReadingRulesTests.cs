using System.Globalization;
using System.Text;
using Licensing.Catalog.Contracts;
using Licensing.Usage.Records;

namespace Licensing.Usage.Tests.Records;

public sealed class ReadingRulesTests
{
    [Theory]
    [InlineData("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.0000000Z")]
    [InlineData("2026-01-31t12:00:00.5z", "2026-01-31T12:00:00.5000000Z")]
    [InlineData("2026-01-31T12:00:00.123456789+02:30", "2026-01-31T09:30:00.1234560Z")]
    [InlineData("2024-02-29T23:59:59-01:00", "2024-03-01T00:59:59.0000000Z")]
    [InlineData("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.9999990Z")]
    [InlineData("2017-01-01T00:59:60.25+01:00", "2016-12-31T23:59:59.9999990Z")]
    [InlineData("9999-12-31T23:59:60Z", "9999-12-31T23:59:59.9999990Z")]
    public void Times_are_read_to_the_microsecond(string text, string expected)
    {
        Rfc3339.TryRead(Encoding.UTF8.GetBytes(text), out var time).ShouldBeTrue();
        time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture).ShouldBe(expected);
    }

    [Theory]
    [InlineData("2026-01-31")]
    [InlineData("2026-01-31T12:00:00")]
    [InlineData("2026-01-31 12:00:00Z")]
    [InlineData("2026-01-31T12:00Z")]
    [InlineData("2026-01-31T24:00:00Z")]
    [InlineData("2026-01-31T12:00:60Z")]
    [InlineData("2026-01-30T23:59:60Z")]
    [InlineData("2026-01-31T23:59:60+01:00")]
    [InlineData("2026-01-31T23:59:61Z")]
    [InlineData("2026-01-31T12:00:00.Z")]
    [InlineData("2026-01-31T12:00:00+24:00")]
    [InlineData("2026-01-31T12:00:00+0100")]
    [InlineData("2026-02-29T12:00:00Z")]
    [InlineData("2026-+1-31T12:00:00Z")]
    [InlineData("0001-01-01T00:00:00+00:01")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    [InlineData("2026-01-31T12:00:00.12345678901234567890123456789Z")]
    public void Other_forms_are_no_times(string text) => Rfc3339.TryRead(Encoding.UTF8.GetBytes(text), out _).ShouldBeFalse();

    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0.00", "0")]
    [InlineData("007.50", "7.5")]
    [InlineData("-0.50", "-0.5")]
    [InlineData("100", "100")]
    [InlineData("100.00", "100")]
    public void Equal_quantities_have_one_form(string text, string expected) =>
        Encoding.ASCII.GetString(RecordFields.Canonical(Encoding.ASCII.GetBytes(text)).Span).ShouldBe(expected);

    [Fact]
    public void What_is_said_of_refused_records_is_held_once_for_a_meter_and_counted_for_each()
    {
        string[] declared = [.. Enumerable.Range(10, 20).Select(i => new string('k', 60) + i)];
        var meters = new Meters([new MeterRef(new(Guid.Empty), "traffic", "GB", MeterAggregation.Sum) { Dimensions = declared }]);
        using var batch = new RecordBatch(new DateTimeOffset(2026, 1, 15, 9, 0, 0, TimeSpan.Zero));
        var before = batch.Held;
        var records = Enumerable.Range(0, 100).Select(i => new RecordDraft().Begin(i)).ToList();
        foreach (var record in records)
        {
            record.Id = Encoding.UTF8.GetBytes(new string('i', 128));
            record.Refuse(meters.Find("traffic"u8)!.UndeclaredDimension);
            batch.Reject(record);
        }

        batch.Settle();
        batch.Rejected.Select(r => r.Record.Message).Distinct(ReferenceEqualityComparer.Instance).Count().ShouldBe(1);
        (batch.Held - before).ShouldBeGreaterThan(100 * (2 * 128 + 256));
    }
}
