using System.Text;
using System.Text.Json;
using System.Xml;

namespace Licensing.Doors.Reseller;

/// <summary>
/// Reads the one object of a request: from JSON or XML by its Content-Type, or from a GET's query. It is flat, so nothing that nests is read
/// any deeper than to refuse it. XML has no document type here, and so no entity of its own making, from within or from elsewhere.
/// </summary>
internal static class ResellerReader
{
    public const int MostBytes = 64 * 1024;
    private const int MostDepth = 8;
    private const string Instance = "http://www.w3.org/2001/XMLSchema-instance";
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private static readonly XmlReaderSettings Safe = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = MostBytes,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        ConformanceLevel = ConformanceLevel.Document,
    };

    public static async Task<Result<T>> ReadAsync<T>(HttpRequest request, ResellerShape<T> shape, CancellationToken ct) where T : class
    {
        var (given, faults) = (new Dictionary<string, GivenValue>(StringComparer.Ordinal), new Faults());
        if (HttpMethods.IsGet(request.Method))
        {
            foreach (var (name, values) in request.Query)
                foreach (var value in values)
                    Take(name, new GivenValue(value ?? "", null), shape.Names, given, faults);
        }
        else
        {
            if ((await TextAsync(request, ct)).Refused(out var refusal, out var text))
                return refusal;
            var isThere = text.Length > 0;
            if (isThere && (IsJson(request) ? Json(text, shape.Names, given, faults) : Xml(text, shape.Names, given, faults))
                .Refused(out refusal, out isThere))
                return refusal;
            if (!isThere && !shape.MayBeEmpty)
                return ResellerRefusals.NoRequest;
        }

        var made = shape.Make(given, faults);
        return faults.Any ? faults.Refusal : made;
    }

    private static async Task<Result<string>> TextAsync(HttpRequest request, CancellationToken ct)
    {
        var body = new MemoryStream();
        var some = new byte[4096];
        // Said of the endpoint too, for servers that stop it sooner; what is compressed has another length on the way.
        while (await request.Body.ReadAsync(some, ct) is > 0 and var read)
        {
            await body.WriteAsync(some.AsMemory(0, read), ct);
            if (body.Length > MostBytes)
                return ResellerRefusals.TooLarge;
        }

        if (body.Length == 0)
            return "";
        if (!IsJson(request) && !IsXml(request))
            return ResellerRefusals.NotTaken;
        if (request.GetTypedHeaders().ContentType?.Charset.Value is { Length: > 0 } charset
            && !charset.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return ResellerRefusals.NotTaken;
        try
        {
            return Strict.GetString(body.GetBuffer(), 0, (int)body.Length).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            return ResellerRefusals.NotTaken;
        }
    }

    private static bool IsJson(HttpRequest request) => request.HasJsonContentType();

    private static bool IsXml(HttpRequest request) => request.GetTypedHeaders().ContentType is { } type
        && (type.MediaType.Equals("application/xml", StringComparison.OrdinalIgnoreCase)
            || type.MediaType.Equals("text/xml", StringComparison.OrdinalIgnoreCase)
            || type.Suffix.Equals("xml", StringComparison.OrdinalIgnoreCase));

    /// <summary>False where it says that there is no object.</summary>
    private static Result<bool> Json(
        string text, IReadOnlyList<string> known, Dictionary<string, GivenValue> given, Faults faults)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MostDepth });
            if (document.RootElement.ValueKind is JsonValueKind.Null)
                return false;
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
                return ResellerRefusals.Malformed("json", "The body must be one JSON object.");
            foreach (var property in document.RootElement.EnumerateObject())
                if (property.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                    faults.Add(known.Contains(property.Name) ? NotAValue(property.Name) : Unknown(property.Name));
                else
                    Take(property.Name, Of(property.Value), known, given, faults);
            return true;
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            // The latter is half a surrogate pair, which the platform's reader tells only so.
            return ResellerRefusals.Malformed("json", "The body is no JSON that can be read.");
        }
    }

    private static GivenValue Of(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => new(null, JsonValueKind.Null),
        JsonValueKind.String => new(value.GetString(), JsonValueKind.String),
        _ => new(value.GetRawText(), value.ValueKind),
    };

    /// <summary>False where it says that there is no object.</summary>
    private static Result<bool> Xml(
        string text, IReadOnlyList<string> known, Dictionary<string, GivenValue> given, Faults faults)
    {
        try
        {
            using var xml = XmlReader.Create(new StringReader(text), Safe);
            xml.MoveToContent();
            if (IsNil(xml))
                return false;
            var isEmpty = xml.IsEmptyElement;
            xml.Read();
            while (!isEmpty && xml.NodeType is not XmlNodeType.EndElement)
                if (xml.NodeType is XmlNodeType.Element)
                {
                    if (ReadElement(xml, known, given, faults) is { } tooDeep)
                        return tooDeep;
                }
                // More than a buffer of it is no whitespace to the platform's reader.
                else if (xml.NodeType is XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace or XmlNodeType.Text
                    && string.IsNullOrWhiteSpace(xml.Value))
                    xml.Read();
                else
                    return ResellerRefusals.Malformed("xml", "The document must be one element with an element for each field.");
            if (!isEmpty)
                xml.Read();
            // What comes after it must be nothing.
            while (!xml.EOF)
                xml.Read();
            return true;
        }
        catch (XmlException broken)
        {
            return ResellerRefusals.Malformed("xml", broken.Message.Contains("DTD", StringComparison.Ordinal)
                ? "The document has a document type, which is not read here."
                : $"The document is no XML that can be read (line {broken.LineNumber}).");
        }
    }

    /// <returns>Why not even what is wrong with it is looked for; null where it was read.</returns>
    private static Refusal? ReadElement(XmlReader xml, IReadOnlyList<string> known, Dictionary<string, GivenValue> given, Faults faults)
    {
        var (name, isNil, depth) = (xml.LocalName, IsNil(xml), xml.Depth);
        var text = new StringBuilder();
        if (!xml.IsEmptyElement)
            while (xml.Read() && !(xml.NodeType is XmlNodeType.EndElement && xml.Depth == depth))
                if (xml.Depth > MostDepth)
                    return ResellerRefusals.Malformed("xml", $"The document nests more than {MostDepth} elements.");
                else if (xml.NodeType is XmlNodeType.Element)
                    faults.Add(known.Contains(name) ? NotAValue(name) : Unknown(name));
                else
                    text.Append(xml.Value);

        xml.Read();
        Take(name, new GivenValue(isNil ? null : text.ToString(), null), known, given, faults);
        return null;
    }

    private static bool IsNil(XmlReader xml) => xml.GetAttribute("nil", Instance) is "true" or "1";

    private static void Take(
        string name, GivenValue value, IReadOnlyList<string> known, Dictionary<string, GivenValue> given, Faults faults)
    {
        if (!known.Contains(name))
            faults.Add(Unknown(name));
        else if (value.Text?.Any(c => char.IsControl(c) && c is not ('\t' or '\r' or '\n')) == true)
            faults.Add(ResellerRefusals.Wrong(name, "invalid_character", "must not hold control characters."));
        else if (value.Text is { } text && XmlText.Storable(text) != text)
            faults.Add(ResellerRefusals.Wrong(name, "invalid_character", "holds a character that XML has none for."));
        else if (!given.TryAdd(name, value))
            faults.Add(ResellerRefusals.Wrong(name, "given_twice", "is given twice."));
    }

    private static FieldError NotAValue(string name) => ResellerRefusals.Wrong(name, "not_a_value", "must be a single value.");

    private static FieldError Unknown(string name)
    {
        var shown = XmlText.Storable(name.Length > 100 ? name[..100] : name);
        return new($"/{shown}", "unknown_property", $"Unknown property {shown}. Parameter name: {shown}");
    }
}
