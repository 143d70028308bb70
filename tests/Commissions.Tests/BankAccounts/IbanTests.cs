using Licensing.Commissions.BankAccounts;

namespace Licensing.Commissions.Tests.BankAccounts;

public sealed class IbanTests
{
    [Theory]
    [InlineData("de89 3704 0044 0532 0130 00", "DE89370400440532013000")]
    [InlineData("GB82WEST12345698765432", "GB82WEST12345698765432")]
    [InlineData("NO9386011117947", "NO9386011117947")]
    [InlineData("MT84MALT011000012345MTLCAST001S", "MT84MALT011000012345MTLCAST001S")]
    // One digit else, two changed places, no country, too short, a sign, another alphabet's digit.
    [InlineData("DE88370400440532013000", null)]
    [InlineData("DE89370400440532010300", null)]
    [InlineData("8937040044053201300000", null)]
    [InlineData("DE8937040044", null)]
    [InlineData("DE89-3704-0044-0532-0130-00", null)]
    [InlineData("DE8937040044053201300\u0660", null)]
    [InlineData("DE89370400440532013000\n", null)]
    public void An_account_number_is_known_by_its_form_and_its_check_digits(string text, string? normalized) =>
        Iban.Normalized(text).ShouldBe(normalized);

    [Theory]
    [InlineData("deutdeff", "DEUTDEFF")]
    [InlineData("DEUTDEFF500", "DEUTDEFF500")]
    [InlineData("DEUTDEF", null)]
    [InlineData("DEUTDEFF5", null)]
    [InlineData("1EUTDEFF", null)]
    [InlineData("DEUTDEFF\n", null)]
    public void A_bank_code_has_eight_or_eleven_characters(string text, string? normalized) => Iban.NormalizedBic(text).ShouldBe(normalized);
}
