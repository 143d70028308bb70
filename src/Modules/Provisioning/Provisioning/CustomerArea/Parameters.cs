using System.Text.Json;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>
/// The parameters of one request, wherever this door takes them from: a GET's query, or a JSON or form body, which the published samples send with a
/// GET too. Whatever is wrong is collected, so that a caller hears of it all at once.
/// </summary>
internal sealed class Parameters
{
    private const int MostForm = 64;
    private readonly Dictionary<string, string> _given = new(StringComparer.Ordinal);
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

        if (parameter.Read(said, out var rule) is { } value)
            return value;
        Refuse(new FieldError("/" + parameter.Name, "invalid", $"{parameter.Name} {rule}"));
        return parameter.Instead;
    }

    // What is empty is not said: forms send every field.
    private string? Said(Parameter parameter) => _given.GetValueOrDefault(parameter.Name) is not { } value ? null
        : (parameter.IsAsWritten ? value : value.Trim()) is { Length: > 0 } said ? said
        : null;

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
            Refuse(name, "unknown_parameter", $"is no parameter here; known are {string.Join(", ", known)}.");
        else if (value?.Contains('\0', StringComparison.Ordinal) == true)
            Refuse(name, "invalid_character", "holds the character U+0000, which cannot be kept.");
        else if (value is not null && !_given.TryAdd(name, value))
            Refuse(name, "given_twice", "is given twice.");
    }

    private async Task<Refusal?> ReadBodyAsync(HttpRequest request, IReadOnlyCollection<string> known, CancellationToken ct)
    {
        if (request.HasFormContentType)
        {
            IFormCollection form;
            try
            {
                form = await request.ReadFormAsync(new() { ValueCountLimit = MostForm }, ct);
            }
            catch (IOException cut) when (cut is not BadHttpRequestException && !ct.IsCancellationRequested)
            {
                // Its last part has no end.
                return NotAForm;
            }

            foreach (var (name, values) in form)
                foreach (var value in values)
                    Take(name, value, known);
            foreach (var file in form.Files)
                Refuse(file.Name, "not_a_text", "must be a text, not a file.");
            return null;
        }

        var body = new MemoryStream();
        await request.Body.CopyToAsync(body, ct);
        if (body.Length == 0)
            return null;
        if (request.ContentType is not null && !request.HasJsonContentType())
            return NotTaken;
        try
        {
            using var document = JsonDocument.Parse(body.GetBuffer().AsMemory(0, (int)body.Length), new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
                return NotAnObject;
            foreach (var property in document.RootElement.EnumerateObject())
                Take(property.Name, TextOf(property), known);
            return null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, in a name or a text.
            return NotText;
        }
    }

    private string? TextOf(JsonProperty property)
    {
        if (property.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
        {
            Refuse(property.Name, "not_a_value", "must be a text, a number or a flag.");
            return null;
        }

        return property.Value.ValueKind is JsonValueKind.String or JsonValueKind.Null ? property.Value.GetString() : property.Value.GetRawText();
    }

    private static Refusal NotTaken { get; } = new(
        RefusalKind.UnsupportedMediaType, "unsupported_media_type", "The body must be application/json or a form.");

    private static Refusal NotAnObject { get; } = new(RefusalKind.Malformed, "malformed_json", "The body must be a JSON object of parameters.");

    private static Refusal NotAForm { get; } = new(RefusalKind.Malformed, "malformed_form", "The form in the body has no end.");

    private static Refusal NotText { get; } = new(RefusalKind.Malformed, "malformed_json", "A text in the body is not Unicode.");
}
