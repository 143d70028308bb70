using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;

namespace Licensing.Commissions.BankAccounts;

/// <summary>International bank account numbers (ISO 13616) and business identifier codes (ISO 9362), by what their form alone tells.</summary>
internal static partial class Iban
{
    // The European Payments Council's list of 2025; what belongs to France or the United Kingdom has their codes.
    private static readonly HashSet<string> Sepa =
    [
        "AD", "AL", "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GI", "GR", "HR", "HU", "IE", "IS", "IT", "LI",
        "LT", "LU", "LV", "MC", "MD", "ME", "MK", "MT", "NL", "NO", "PL", "PT", "RO", "RS", "SE", "SI", "SK", "SM", "VA",
    ];

    public static string[] SepaCountries { get; } = [.. Sepa];

    /// <summary>Whether the account is in a country where SEPA credit transfers go.</summary>
    public static bool IsInSepa(string iban) => Sepa.Contains(iban[..2]);

    /// <summary>Upper case without blanks, as it travels between banks; null where it is none, or its check digits are not its own.</summary>
    public static string? Normalized(string text)
    {
        var iban = Compact(text);
        return Form().IsMatch(iban) && Remainder(iban) == 1 ? iban : null;
    }

    /// <summary>Upper case without blanks; null where it is none.</summary>
    public static string? NormalizedBic(string text)
    {
        var bic = Compact(text);
        return BicForm().IsMatch(bic) ? bic : null;
    }

    /// <summary>The country and the last four, for lists and trails.</summary>
    public static string Masked(string iban) => $"{iban[..2]}…{iban[^4..]}";

    private static string Compact(string text) => text.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();

    // The first four go to the end, letters are two digits from 10 on, and what is left of 97 is 1.
    private static int Remainder(string iban)
    {
        var digits = new StringBuilder();
        foreach (var c in iban[4..] + iban[..4])
            digits.Append(char.IsAsciiDigit(c) ? c - '0' : c - 'A' + 10);
        return (int)(BigInteger.Parse(digits.ToString(), CultureInfo.InvariantCulture) % 97);
    }

    [GeneratedRegex("^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    [GeneratedRegex("^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex BicForm();
}
