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

    /// <summary>
    /// What is said where the framework could not bind: it says <c>Failed to bind parameter "Nullable&lt;Guid&gt; tenantId" from "x".</c>, or that
    /// a required one <c>was not provided from query string</c>, or none <c>from body</c>.
    /// </summary>
    public static Refusal Unbound(string said)
    {
        var (what, where) = said.Split('"') is [_, var quoted, var source, ..] ? (quoted.Split(' '), source) : ([], said);
        if (what.Length < 2 || where.Contains("body", StringComparison.Ordinal))
            return new(RefusalKind.Malformed, "malformed_request", what.Length == 0 ? said : "The body is missing.");
        var name = System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(what[^1]);
        return Unreadable(name, said.StartsWith("Required", StringComparison.Ordinal) ? $"{name} is required." : $"{name} must be {Form(what[0])}.");
    }

    private static string Form(string type) => type.Replace("Nullable<", "", StringComparison.Ordinal).TrimEnd('>', '[', ']') switch
    {
        nameof(Guid) => "a UUID",
        nameof(DateOnly) => "a day such as 2026-01-31",
        nameof(DateTimeOffset) => "an instant such as 2026-01-31T12:00:00Z",
        "bool" => "true or false",
        _ => "a whole number",
    };

    /// <summary>What is said of a query parameter whose value cannot be read, or of two that do not go together.</summary>
    public static Refusal Unreadable(string parameter, string message, params string[] others) =>
        Of("invalid_parameter", message, [parameter, .. others]);

    /// <summary>The same of what has a code of its own.</summary>
    internal static Refusal Of(string code, string message, params string[] parameters) =>
        new(RefusalKind.Malformed, code, message) { Fields = [.. parameters.Select(x => new FieldError("?" + x, code, message))] };
}
