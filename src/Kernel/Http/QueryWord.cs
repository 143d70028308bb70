using System.Diagnostics.CodeAnalysis;

namespace Licensing.Kernel.Http;

/// <summary>What is refused of query parameters. Words are taken in any case; numbers, which <c>Enum.TryParse</c> takes, are not.</summary>
public static class QueryWord
{
    /// <summary>True when <paramref name="text"/> is there and none of the words; <paramref name="word"/> is null where it is not there.</summary>
    public static bool Refuses<TWord>(string parameter, string? text, out TWord? word, [NotNullWhen(true)] out Refusal? refusal)
        where TWord : struct, Enum
    {
        (word, refusal) = (null, null);
        if (Enum.GetNames<TWord>().FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name)
            word = Enum.Parse<TWord>(name);
        else if (text is not null)
            refusal = Unreadable(parameter, $"{parameter} must be one of {string.Join(", ", Enum.GetNames<TWord>())}.");
        return refusal is not null;
    }

    /// <summary>What is said where the end of a half-open stretch does not lie after its beginning, in which nothing would be.</summary>
    public static Refusal NotAfter(string from, string until) => Unreadable(from, $"{until} must be after {from}.", until);

    /// <summary>What is said of a query parameter whose value cannot be read, or of two that do not go together.</summary>
    public static Refusal Unreadable(string parameter, string message, params string[] others) =>
        new(RefusalKind.Malformed, "invalid_parameter", message)
        { Fields = [.. others.Prepend(parameter).Select(x => new FieldError("?" + x, "invalid_parameter", message))] };
}
