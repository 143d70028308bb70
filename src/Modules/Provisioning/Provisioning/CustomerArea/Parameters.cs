using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>
/// The parameters of one request, wherever this door takes them from: a GET's query, or a JSON or form body, which the published samples send with a
/// GET too. Whatever is wrong is collected, so that a caller hears of it all at once.
/// </summary>
internal sealed class Parameters
{
    private const int MostForm = 64;
    private readonly Dictionary<string, string> _given = new(StringComparer.Ordinal);
    // JSON tells numbers and flags from texts, where a form has texts alone.
    private readonly HashSet<string> _notTexts = new(StringComparer.Ordinal);
    private readonly List<FieldError> _errors = [];

    private Parameters()
    {
    }

    public static async Task<Result<T>> ReadAsync<T>(HttpRequest request, Shape<T> shape, CancellationToken ct) where T : class
    {
        var parameters = new Parameters();
        if (HttpMethods.IsGet(request.Method))
            foreach (var (name, values) in request.Query)
                foreach (var value in values)
                    parameters.Take(name, value, shape.Names);
        if (await parameters.ReadBodyAsync(request, shape.Names, ct) is { } refusal)
            return refusal;
        var asked = shape.Make(parameters.ValueOf);
        if (asked is IHaveRules own)
            foreach (var error in own.Errors)
                parameters.Refuse(error);
        return parameters._errors.Count == 0 ? asked : Refusal.AllFields(parameters._errors);
    }

    private object? ValueOf(Parameter parameter)
    {
        if (Said(parameter) is not { } said)
        {
            if (parameter.IsRequired)
                Refuse(new FieldError("/" + parameter.Name, "required", $"{parameter.Name} is required."));
            return parameter.Instead;
        }

        string? rule;
        if (parameter.IsSaidAsText && _notTexts.Contains(parameter.Name))
            rule = "must be a text.";
        else if (parameter.Read(said, out rule) is { } value)
            return value;
        Refuse(new FieldError("/" + parameter.Name, "invalid", $"{parameter.Name} {rule}"));
        return parameter.Instead;
    }

    // What is empty is not said: forms send every field.
    private string? Said(Parameter parameter)
    {
        var given = _given.GetValueOrDefault(parameter.Name, "");
        var said = parameter.IsAsWritten ? given : given.Trim();
        return said.Length > 0 ? said : null;
    }

    private void Refuse(string name, string code, string message) => _errors.Add(new FieldError("/" + name, code, $"{name} {message}"));

    // What could not be read has been told of already.
    private void Refuse(FieldError error)
    {
        if (!_errors.Exists(e => e.Pointer[1..] == error.Pointer[1..]))
            _errors.Add(error);
    }

    private void Take(string name, string? value, IReadOnlyCollection<string> known)
    {
        if (!known.Contains(name))
            Refuse(name.Shortened, "unknown_parameter", $"is no parameter here; known are {string.Join(", ", known)}.");
        else if (value?.Contains('\0', StringComparison.Ordinal) == true)
            Refuse(name, "invalid_character", "holds the character U+0000, which cannot be kept.");
        else if (value is not null && !_given.TryAdd(name, value))
            Refuse(name, "given_twice", "is given twice.");
    }

    private async Task<Refusal?> ReadBodyAsync(HttpRequest request, IReadOnlyCollection<string> known, CancellationToken ct)
    {
        if (!request.IsUtf8)
            return NotTaken;
        var isMultipart = request.HasFormContentType && request.ContentType!.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase);
        if (isMultipart)
            return await ReadPartsAsync(request, known, ct);

        var body = new MemoryStream();
        await request.Body.CopyToAsync(body, ct);
        var bytes = body.GetBuffer().AsMemory(0, (int)body.Length);
        if (request.HasFormContentType)
            return ReadForm(bytes.Span, known);
        if (body.Length == 0)
            return null;
        if (request.ContentType is not null && !request.HasJsonContentType())
            return NotTaken;
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 8 });
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
                return NotAnObject;
            foreach (var property in document.RootElement.EnumerateObject())
                Take(property.Name, TextOf(property), known);
            return null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair in a name.
            return NotText;
        }
    }

    private async Task<Refusal?> ReadPartsAsync(HttpRequest request, IReadOnlyCollection<string> known, CancellationToken ct)
    {
        IFormCollection form;
        try
        {
            form = await request.ReadFormAsync(new() { ValueCountLimit = MostForm }, ct);
        }
        catch (Exception cut) when (cut is IOException or InvalidDataException or NotSupportedException && cut is not BadHttpRequestException
            && !ct.IsCancellationRequested)
        {
            // Its last part has no end, there are too many of them, or one is in an encoding of old.
            return NotAForm;
        }

        foreach (var (name, values) in form)
            foreach (var value in values)
                if (value?.Contains('\uFFFD', StringComparison.Ordinal) == true)
                    // What the reader puts for bytes that are no character.
                    Refuse(name.Shortened, "not_text", "must be UTF-8.");
                else
                    Take(name, value, known);
        foreach (var file in form.Files)
            Refuse(file.Name.Shortened, "not_a_text", "must be a text, not a file.");
        return null;
    }

    // By hand, because the platform's reader puts a mark for bytes that are no character, and what is stored must be what was sent.
    private Refusal? ReadForm(ReadOnlySpan<byte> form, IReadOnlyCollection<string> known)
    {
        var pairs = 0;
        foreach (var range in form.Split((byte)'&'))
        {
            var pair = form[range];
            if (pair.IsEmpty)
                continue;
            var end = pair.IndexOf((byte)'=');
            var (before, after) = end < 0 ? (pair.Length, pair.Length) : (end, end + 1);
            if (++pairs > MostForm || Decoded(pair[..before]) is not { } name || Decoded(pair[after..]) is not { } value)
                return NotAForm;
            Take(name, value, known);
        }

        return null;
    }

    private static string? Decoded(ReadOnlySpan<byte> part)
    {
        var bytes = new byte[part.Length];
        var length = 0;
        for (var i = 0; i < part.Length; i++)
            if (part[i] == '%' && i + 2 < part.Length
                && byte.TryParse(part.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var escaped))
            {
                bytes[length++] = escaped;
                i += 2;
            }
            else
            {
                bytes[length++] = part[i] == '+' ? (byte)' ' : part[i];
            }

        var decoded = bytes.AsSpan(0, length);
        return Utf8.IsValid(decoded) ? Encoding.UTF8.GetString(decoded) : null;
    }

    private string? TextOf(JsonProperty property)
    {
        if (property.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
        {
            Refuse(property.Name.Shortened, "not_a_value", "must be a text, a number or a flag.");
            return null;
        }

        if (property.Value.ValueKind is JsonValueKind.Null)
            return null;
        if (property.Value.ValueKind is not JsonValueKind.String)
        {
            _notTexts.Add(property.Name);
            return property.Value.GetRawText();
        }

        try
        {
            return property.Value.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, which the reader tells only so.
            Refuse(property.Name.Shortened, "not_text", "must be Unicode.");
            return null;
        }
    }

    private static Refusal NotTaken { get; } = new(
        RefusalKind.UnsupportedMediaType, "unsupported_media_type", "The body must be application/json or a form, in UTF-8.");

    private static Refusal NotAnObject { get; } = new(RefusalKind.Malformed, "malformed_json", "The body must be a JSON object of parameters.");

    private static Refusal NotAForm { get; } = new(
        RefusalKind.Malformed, "malformed_form", $"The form in the body is not UTF-8, has no end or more than {MostForm} parts.");

    private static Refusal NotText { get; } = new(RefusalKind.Malformed, "malformed_json", "A text in the body is not Unicode.");
}
