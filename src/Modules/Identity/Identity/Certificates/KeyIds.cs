using System.Text.RegularExpressions;

namespace Licensing.Identity.Certificates;

/// <summary>How a certificate may be named in a token's <c>kid</c>.</summary>
internal static partial class KeyIds
{
    public const int Longest = 128;

    /// <summary>Printable ASCII without a space.</summary>
    public const string Pattern = "^[!-~]+\\z";

    /// <summary>The fingerprint as it is kept, from <c>0a1b…</c> or <c>0A:1B:…</c>; null when it is none.</summary>
    public static string? FingerprintOf(string kid) =>
        Plain().IsMatch(kid) ? kid.ToLowerInvariant()
        : Colons().IsMatch(kid) ? kid.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant()
        : null;

    [GeneratedRegex("^[0-9A-Fa-f]{40}\\z")]
    private static partial Regex Plain();

    [GeneratedRegex("^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){19}\\z")]
    private static partial Regex Colons();
}
