using System.Globalization;

namespace Licensing.Billing.Credit;

/// <summary>What automatic top-ups are called: <c>auto:EUR:2026-11:1</c> is the first of its month. Nobody else calls one so.</summary>
internal static class AutomaticTopUps
{
    private const string Prefix = "auto:";

    public static bool IsKey(string reference) => reference.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);

    /// <summary>What those of a month begin with.</summary>
    public static string KeysOf(string unit, DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{unit}:{day:yyyy-MM}:");

    public static string KeyOf(string unit, DateOnly day, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{KeysOf(unit, day)}{number}");
}
