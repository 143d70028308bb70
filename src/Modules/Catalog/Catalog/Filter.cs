using System.Diagnostics.CodeAnalysis;

namespace Licensing.Catalog;

/// <summary>A query parameter that names a member of an enumeration; numbers, which <c>Enum.TryParse</c> takes, are refused.</summary>
internal static class Filter
{
    public static bool Refuses<T>(string parameter, string? text, out T? value, [NotNullWhen(true)] out Refusal? refusal) where T : struct, Enum
    {
        (value, refusal) = (null, null);
        if (text is null)
            return false;
        if (Enum.GetNames<T>().FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name)
        {
            value = Enum.Parse<T>(name);
            return false;
        }

        var message = $"{parameter} must be one of {string.Join(", ", Enum.GetNames<T>())}.";
        refusal = new Refusal(RefusalKind.Malformed, "invalid_filter", message) { Fields = [new("?" + parameter, "invalid_filter", message)] };
        return true;
    }
}
