using System.Diagnostics.CodeAnalysis;

namespace Licensing.Kernel.Http;

/// <summary>A query parameter that is one of a few words, in any case; numbers, which <c>Enum.TryParse</c> takes, are refused.</summary>
public static class QueryWord
{
    /// <summary>True when <paramref name="text"/> is there and none of the words; <paramref name="word"/> is null where it is not there.</summary>
    public static bool Refuses<TWord>(string parameter, string? text, out TWord? word, [NotNullWhen(true)] out Refusal? refusal)
        where TWord : struct, Enum
    {
        (word, refusal) = (null, null);
        if (text is null)
            return false;
        if (Enum.GetNames<TWord>().FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name)
        {
            word = Enum.Parse<TWord>(name);
            return false;
        }

        refusal = Unreadable(parameter, $"{parameter} must be one of {string.Join(", ", Enum.GetNames<TWord>())}.");
        return true;
    }

    /// <summary>What is said of a query parameter whose value cannot be read.</summary>
    public static Refusal Unreadable(string parameter, string message) =>
        new(RefusalKind.Malformed, "invalid_parameter", message) { Fields = [new FieldError("?" + parameter, "invalid_parameter", message)] };
}
