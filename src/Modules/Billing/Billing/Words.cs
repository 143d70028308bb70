namespace Licensing.Billing;

/// <summary>Query parameters that are one of a few words, in any case.</summary>
internal static class Words
{
    public static bool TryParse<TWord>(string text, out TWord word) where TWord : struct, Enum
    {
        word = default;
        return text.All(char.IsAsciiLetter) && Enum.TryParse(text, ignoreCase: true, out word);
    }

    public static Refusal Unknown<TWord>(string parameter) where TWord : struct, Enum
    {
        var message = $"{parameter} must be one of {string.Join(", ", Enum.GetNames<TWord>()).ToLowerInvariant()}.";
        return new Refusal(RefusalKind.Malformed, "invalid_parameter", message) { Fields = [new FieldError($"?{parameter}", "unknown_word", message)] };
    }
}
