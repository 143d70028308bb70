using System.Text;

namespace Licensing.Doors.Reseller;

/// <summary>What this door refuses before a slice is asked, and how it names what a slice refuses.</summary>
public static class ResellerRefusals
{
    /// <summary>There is no body where there must be one; the source's own words.</summary>
    internal static Refusal NoRequest { get; } = Faulty([Missing("request")]);

    internal static Refusal NotTaken { get; } = new(
        RefusalKind.UnsupportedMediaType, "unsupported_media_type", "The body must be application/json or application/xml, in UTF-8.");

    internal static Refusal TooLarge { get; } = new(RefusalKind.TooLarge, "body_too_large", "The body is larger than this endpoint takes.");

    internal static Refusal Malformed(string form, string what) => new(RefusalKind.Malformed, $"malformed_{form}", what);

    internal static Refusal OutOfTime { get; } = new(
        RefusalKind.Unavailable, "out_of_time", "The call took longer than the server gives one; what it had begun is undone.");

    internal static FieldError Missing(string name) => new($"/{name}", "required", $"Value cannot be null. Parameter name: {name}");

    internal static FieldError Wrong(string name, string code, string rule) => new($"/{name}", code, $"{name} {rule} Parameter name: {name}");

    /// <summary>All that is wrong with the fields of a request, in one message.</summary>
    internal static Refusal Faulty(IReadOnlyList<FieldError> fields) => Refusal.AllFields(fields) with
    { Message = string.Join(' ', fields.Select(f => f.Message)) };

    /// <summary>A field that breaks a rule of this door.</summary>
    /// <param name="name">As the caller wrote it.</param>
    /// <param name="code">The rule, snake_case.</param>
    /// <param name="rule">Goes on after the name, with a full stop.</param>
    public static Refusal Field(string name, string code, string rule) => Faulty([Wrong(name, code, rule)]);

    /// <summary>A refusal whose fields have the names that the caller used.</summary>
    /// <param name="refusal">Of a slice.</param>
    /// <param name="names">The door's name of a field, by the slice's, where they differ in more than the first letter.</param>
    internal static Refusal Named(Refusal refusal, IReadOnlyDictionary<string, string> names)
    {
        if (refusal.Fields.Count == 0)
            return refusal;
        var fields = refusal.Fields.Select(field =>
        {
            var own = field.Pointer.TrimStart('/', '?');
            var name = names.GetValueOrDefault(own) ?? (own.Length == 0 ? "request" : char.ToUpperInvariant(own[0]) + own[1..]);
            if (field.Message.EndsWith($" Parameter name: {name}", StringComparison.Ordinal))
                return field;
            var message = field.Message.Replace($"'{Spaced(own.Split('/')[^1])}'", name, StringComparison.Ordinal);
            message = message.StartsWith($"{own.Split('/')[^1]} ", StringComparison.Ordinal)
                ? name + message[own.Split('/')[^1].Length..]
                : message.StartsWith($"{own.Split('/')[^1]}: ", StringComparison.Ordinal) ? message[(own.Split('/')[^1].Length + 2)..] : message;
            return new FieldError($"/{name}", field.Code, $"{message} Parameter name: {name}");
        }).ToList();
        return refusal with { Fields = fields, Message = string.Join(' ', fields.Select(f => f.Message)) };
    }

    // As the validators write a property in a sentence: "displayName" is 'Display Name'.
    private static string Spaced(string name)
    {
        var spaced = new StringBuilder();
        foreach (var letter in name)
            spaced.Append(spaced.Length == 0 ? char.ToUpperInvariant(letter).ToString() : char.IsUpper(letter) ? $" {letter}" : $"{letter}");
        return spaced.ToString();
    }
}
