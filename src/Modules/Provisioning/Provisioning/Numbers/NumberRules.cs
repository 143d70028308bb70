using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Licensing.Identity.Contracts;

namespace Licensing.Provisioning.Numbers;

/// <summary>What numbers and the words about them must look like.</summary>
internal static partial class NumberRules
{
    public const int LongestLocality = 100;
    public const int MostDigits = 15;
    public const string E164Rule = "an E.164 number such as +4930123456";
    public const string CountryRule = "country must be an ISO 3166-1 alpha-2 code such as DE.";
    public const string DigitsRule = "1 to 15 digits";

    public static bool IsE164([NotNullWhen(true)] string? number) => number is not null && E164().IsMatch(number);

    public static bool IsCountry([NotNullWhen(true)] string? country) => country is not null && CountryCodes.All.Contains(country);

    public static bool IsDigits(string digits) => digits.Length is > 0 and <= MostDigits && digits.All(char.IsAsciiDigit);

    /// <summary>How a number begins, without the plus sign: in an address a plus sign that is not escaped is a blank.</summary>
    public static string? Prefix(string? typed) => typed?.TrimStart('+', ' ');

    public static bool IsLocality(string? locality) =>
        locality is null || (!string.IsNullOrWhiteSpace(locality) && locality.Length <= LongestLocality && !locality.Any(char.IsControl));

    [GeneratedRegex(@"^\+[1-9][0-9]{6,14}\z")]
    private static partial Regex E164();
}
