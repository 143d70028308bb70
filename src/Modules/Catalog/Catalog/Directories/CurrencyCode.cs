using System.Diagnostics.CodeAnalysis;
using Licensing.Kernel.Http;

namespace Licensing.Catalog.Directories;

internal static class CurrencyCode
{
    /// <summary>True when <paramref name="text"/> is no currency, or is not there.</summary>
    public static bool Refuses(string parameter, string? text, out string code, [NotNullWhen(true)] out Refusal? refusal)
    {
        var known = Currency.TryParse(text, out var currency);
        (code, refusal) = known ? (currency.Code, null) : ("", Unreadable(parameter));
        return !known;
    }

    public static Refusal Unreadable(string parameter) => QueryWord.Unreadable(parameter, $"{parameter} must be an ISO 4217 code.");
}
