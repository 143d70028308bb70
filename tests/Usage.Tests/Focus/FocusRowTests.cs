using Licensing.Usage.Contracts;

namespace Licensing.Usage.Tests.Focus;

/// <summary>What cells become.</summary>
public sealed class FocusRowTests
{
    [Theory]
    [InlineData("7", "7")]
    [InlineData("1e-05", "0.00001")]
    [InlineData("1.25E3", "1250")]
    [InlineData("-12.5e-1", "-1.25")]
    [InlineData("1.5e1", "15")]
    [InlineData("0e5", "0")]
    // Every digit it has: whether so many may be stored is told of the record.
    [InlineData("1.234567890123456789e5", "123456.7890123456789")]
    [InlineData("12345678901234567890.123456789012345678e0", "12345678901234567890.123456789012345678")]
    [InlineData("1e-30", "0.000000000000000000000000000001")]
    [InlineData("1e99", "1e99")]
    [InlineData("NaN", "NaN")]
    public void A_quantity_is_written_out_and_never_rounded(string cell, string quantity) =>
        Row("PricingQuantity", cell).Quantity.ShouldBe(quantity);

    [Theory]
    [InlineData("2026-01-02T01:00:00Z", "2026-01-02T01:00:00Z")]
    [InlineData("2026-01-02 01:00:00", "2026-01-02T01:00:00Z")]
    [InlineData("2026-01-02 01:00:00 UTC", "2026-01-02T01:00:00Z")]
    [InlineData("2026-01-02T01:00:00.5+02:00", "2026-01-01T23:00:00.5Z")]
    [InlineData("2026-01-02T01:00Z", "2026-01-02T01:00:00Z")]
    [InlineData("2026-01-02", "2026-01-02T00:00:00Z")]
    [InlineData("01/02/2026", "01/02/2026")]
    [InlineData("2 January 2026", "2 January 2026")]
    public void A_time_is_taken_where_it_can_be_read_in_one_way_only(string cell, string start) =>
        Row("ChargePeriodStart", cell).Start.ShouldBe(start);

    [Theory]
    [InlineData("PricingQuantity", "1E-5", "0.00001")]
    [InlineData("ConsumedQuantity", "1.50", "1.5")]
    [InlineData("ChargePeriodStart", "2026-10-01T00:00:00Z", "2026-10-01 00:00:00")]
    public void The_same_said_otherwise_is_the_same_usage(string column, string cell, string saved) =>
        Row(column, saved).RecordId.ShouldBe(Row(column, cell).RecordId);

    [Theory]
    [InlineData("PricingQuantity", "1.5", "1.51")]
    [InlineData("ChargePeriodStart", "2026-10-01", "2026-10-02")]
    [InlineData("SkuId", "1.50", "1.5")]
    public void Other_usage_is_other_usage(string column, string cell, string other) =>
        Row(column, other).RecordId.ShouldNotBe(Row(column, cell).RecordId);

    private static FocusRow Row(string column, string cell) => FocusRow.Read(new StringReader($"{column}\n{cell}\n")).Single();
}
