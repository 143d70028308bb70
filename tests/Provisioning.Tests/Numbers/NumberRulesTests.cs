using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Numbers;

namespace Licensing.Provisioning.Tests.Numbers;

/// <summary>The words that numbers are given by, without a database.</summary>
public sealed class NumberRulesTests
{
    [Theory]
    [InlineData("+4930123456", true)]
    [InlineData("+1234567", true)]
    [InlineData("+123456789012345", true)]
    [InlineData("+1234567890123456", false)]
    [InlineData("+123456", false)]
    [InlineData("4930123456", false)]
    [InlineData("+0930123456", false)]
    [InlineData("+49 30 123456", false)]
    [InlineData("+4930123456\n", false)]
    [InlineData("+٤٩٣٠١٢٣٤٥٦", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_number_is_a_plus_sign_and_seven_to_fifteen_digits(string? number, bool right) => NumberRules.IsE164(number).ShouldBe(right);

    /// <summary>Two processes whose clocks differ by a minute.</summary>
    [Theory]
    [InlineData(-1, 0)]
    [InlineData(1, 1)]
    public void A_number_is_not_given_back_before_it_was_given(int minutes, int held)
    {
        var now = new DateTimeOffset(2026, 1, 15, 9, 0, 0, TimeSpan.Zero);
        var holding = NumberHolding.Begin(Id.New<InboundNumberId>(now), Id.New<OrganizationId>(now), "1.2.", "one", now);

        holding.End("the other", null, now.AddMinutes(minutes));

        holding.UntilAt.ShouldBe(now.AddMinutes(held));
    }

    [Theory]
    [InlineData("+4930", "4930")]
    [InlineData(" 4930", "4930")]
    [InlineData("4930", "4930")]
    public void A_plus_sign_that_an_address_made_a_blank_is_one(string typed, string prefix) => NumberRules.Prefix(typed).ShouldBe(prefix);

    [Theory]
    [InlineData("number,country,type\n+4930123456,DE,Geographic\n\n+498001234567,DE,tollfree\n", 2, "")]
    [InlineData("number,country\n+4930123456,DE\n", 0, "1 type required_column")]
    [InlineData("number,country,type,price\n", 0, "1 price unknown_column")]
    [InlineData("number,country,type,type\n", 0, "1 type duplicate")]
    [InlineData("", 0, "1 number required_column, 1 country required_column, 1 type required_column")]
    [InlineData("number,country,type\n030,ZZ,Fax\n+4930123456,DE,Mobile\n+4930123456,DE,Mobile\n", 1,
        "2 number malformed, 2 country unknown_country, 2 type unknown, 4 number duplicate")]
    [InlineData("number,country,type\n+4930123457,DE\n+4930123457,DE,Mobile\n", 1, "2  cells")]
    [InlineData("number,country,type\n+4930123456,DE,Mobile\n+4930123457,DE,Mobile\n+4930123458,DE,Mobile\n+4930123459,DE,Mobile\n", 3,
        "5  too_many_rows")]
    [InlineData("number,country,type,locality\n+4930123456,DE,Mobile,\0\n+4930123457,DE,Mobile,\n", 1, "2  invalid_character")]
    public void A_file_is_read_and_everything_wrong_with_it_said(string csv, int rows, string errors)
    {
        var (read, wrong) = NumberCsv.Read(csv, mostRows: 3);

        read.Count.ShouldBe(rows);
        string.Join(", ", wrong.First.Select(e => $"{e.Row} {e.Column} {e.Code}")).ShouldBe(errors);
    }
}
