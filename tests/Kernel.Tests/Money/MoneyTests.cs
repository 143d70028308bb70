using System.Text.Json;

namespace Licensing.Kernel.Tests;

public sealed class MoneyTests
{
    private static readonly Currency Eur = Currency.Parse("EUR");
    private static readonly Currency Jpy = Currency.Parse("JPY");

    [Theory]
    [InlineData("0.005", "EUR", "0.01")]
    [InlineData("10.275", "EUR", "10.28")]
    [InlineData("-10.125", "EUR", "-10.13")]
    [InlineData("100.5", "JPY", "101")]
    [InlineData("-0.004", "EUR", "0.00")]
    [InlineData("1.0005", "KWD", "1.001")]
    [InlineData("1.00005", "CLF", "1.0001")]
    public void Rounding_is_half_away_from_zero_to_the_minor_unit(string amount, string currency, string rounded)
    {
        var unit = Currency.Parse(currency);
        new Money(decimal.Parse(amount), unit).Round().ToAmountString().ShouldBe(rounded);
        Exact.Parse(amount).Round(unit).ToAmountString().ShouldBe(rounded);
    }

    [Theory]
    [InlineData("JPY", 0)]
    [InlineData("EUR", 2)]
    [InlineData("KWD", 3)]
    [InlineData("CLF", 4)]
    [InlineData("UYW", 4)]
    [InlineData("XOF", 0)]
    [InlineData("CHE", 2)]
    public void A_currency_knows_its_minor_unit(string code, int digits) => Currency.Parse(code).MinorUnits.ShouldBe(digits);

    [Theory]
    [InlineData("eur")]
    [InlineData("EU")]
    [InlineData("DEM")]
    [InlineData("XXX")]
    [InlineData("")]
    [InlineData(null)]
    public void What_is_not_an_active_code_is_not_a_currency(string? code) => Currency.TryParse(code, out _).ShouldBeFalse();

    [Fact]
    public void Every_code_is_three_capitals_and_there_are_165() =>
        (Currency.All.Count, Currency.All.All(c => c.Code.Length == 3 && c.Code.All(char.IsAsciiLetterUpper))).ShouldBe((165, true));

    [Fact]
    public void Two_currencies_do_not_mix()
    {
        var (euro, yen) = (new Money(1m, Eur), new Money(1m, Jpy));
        Should.Throw<InvalidOperationException>(() => euro + yen).Message.ShouldBe("EUR and JPY do not mix.");
        Should.Throw<InvalidOperationException>(() => euro - yen);
        Should.Throw<InvalidOperationException>(() => euro < yen);
        Should.Throw<InvalidOperationException>(() => Money.Sum(Eur, [euro, yen]));
        (euro == yen).ShouldBeFalse();
    }

    [Fact]
    public void Arithmetic_rounds_nothing()
    {
        (new Money(68.33m, Eur) * 0.2m).ShouldBe(new Money(13.666m, Eur));
        (new Money(1m, Eur) - new Money(1.5m, Eur)).ShouldBe(-new Money(0.5m, Eur));
        Money.Max(new Money(1m, Eur), new Money(1.01m, Eur)).ShouldBe(new Money(1.01m, Eur));
        Money.Min(new Money(1m, Eur), new Money(1.01m, Eur)).ShouldBe(new Money(1m, Eur));
    }

    [Theory]
    [InlineData("12.3", "EUR", """{"amount":"12.30","currency":"EUR"}""")]
    [InlineData("12.3450", "EUR", """{"amount":"12.345","currency":"EUR"}""")]
    [InlineData("12", "JPY", """{"amount":"12","currency":"JPY"}""")]
    [InlineData("0.0000000000000000000000000001", "EUR", """{"amount":"0.0000000000000000000000000001","currency":"EUR"}""")]
    [InlineData("79228162514264337593543950335", "EUR", """{"amount":"79228162514264337593543950335.00","currency":"EUR"}""")]
    public void Money_is_written_as_strings_with_the_digits_it_has(string amount, string currency, string json) =>
        JsonSerializer.Serialize(new Money(decimal.Parse(amount), Currency.Parse(currency))).ShouldBe(json);

    [Fact]
    public void A_negative_zero_has_no_sign() =>
        JsonSerializer.Serialize(-Money.Zero(Eur)).ShouldBe("""{"amount":"0.00","currency":"EUR"}""");

    [Fact]
    public void Money_is_read_in_any_order_of_properties() =>
        JsonSerializer.Deserialize<Money>("""{"currency":"EUR","amount":"-12.345"}""").ShouldBe(new Money(-12.345m, Eur));

    [Theory]
    [InlineData("""{"amount":12.34,"currency":"EUR"}""")]
    [InlineData("""{"amount":"1e3","currency":"EUR"}""")]
    [InlineData("""{"amount":"+1","currency":"EUR"}""")]
    [InlineData("""{"amount":" 1","currency":"EUR"}""")]
    [InlineData("""{"amount":"1.","currency":"EUR"}""")]
    [InlineData("""{"amount":".5","currency":"EUR"}""")]
    [InlineData("""{"amount":"1\n","currency":"EUR"}""")]
    [InlineData("""{"amount":"١","currency":"EUR"}""")]
    [InlineData("""{"amount":"123456789012345678901","currency":"EUR"}""")]
    [InlineData("""{"amount":"1.1234567890123456789","currency":"EUR"}""")]
    [InlineData("""{"amount":"12345678901234567890.123456789012345678","currency":"EUR"}""")]
    [InlineData("""{"amount":null,"currency":"EUR"}""")]
    [InlineData("""{"amount":"1"}""")]
    [InlineData("""{"currency":"EUR"}""")]
    [InlineData("""{"amount":"1","currency":"euro"}""")]
    [InlineData("""{"amount":"1","currency":978}""")]
    [InlineData("""{"amount":"1","amount":"2","currency":"EUR"}""")]
    [InlineData("""{"amount":"1","currency":"EUR","note":""}""")]
    [InlineData("\"1 EUR\"")]
    public void Anything_else_is_not_money(string json) => Should.Throw<JsonException>(() => JsonSerializer.Deserialize<Money>(json));

    [Theory]
    [InlineData("1.500", "\"1.5\"")]
    [InlineData("100", "\"100\"")]
    [InlineData("0.000", "\"0\"")]
    [InlineData("-0.00000001", "\"-0.00000001\"")]
    public void A_decimal_is_written_without_exponent_or_trailing_zeros(string value, string json)
    {
        var options = new JsonSerializerOptions { Converters = { new DecimalStringJsonConverter() } };
        JsonSerializer.Serialize(decimal.Parse(value), options).ShouldBe(json);
        JsonSerializer.Deserialize<decimal>(json, options).ShouldBe(decimal.Parse(value));
    }

    [Fact]
    public void A_quantity_of_38_digits_travels_whole()
    {
        const string json = "\"12345678901234567890.123456789012345678\"";
        JsonSerializer.Serialize(JsonSerializer.Deserialize<Exact>(json)).ShouldBe(json);
    }
}
