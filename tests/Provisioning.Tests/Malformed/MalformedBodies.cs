using System.IO.Compression;
using System.Net;
using System.Text;

namespace Licensing.Provisioning.Tests.Malformed;

/// <summary>A body that no endpoint may take.</summary>
/// <param name="What">What is wrong with it, for whoever reads a failure.</param>
/// <param name="Body">As it goes out.</param>
/// <param name="Field">What the answer must name; null where no field is concerned.</param>
/// <param name="Status">What it must be answered with; null where the door's own status of a wrong field is meant.</param>
internal sealed record MalformedBody(string What, byte[] Body, string? Field = null, HttpStatusCode? Status = null)
{
    public string? Type { get; init; } = "application/json";

    public string? Encoding { get; init; }
}

/// <summary>Everything that can be wrong with a body, made from what an endpoint takes.</summary>
internal sealed class MalformedBodies(DoorTemplate template, IReadOnlyDictionary<string, string> words)
{
    private const string UrlEncoded = "application/x-www-form-urlencoded";
    private const int Deep = 10_000;
    private const int Prefixes = 16;

    /// <summary>The body that everything is made from, with every field.</summary>
    public string Good => ObjectAt("", Member);

    /// <summary>The same as a form.</summary>
    public string GoodForm => Form(f => [(f.Name, TextOf(f))]);

    /// <summary>All of them; where nothing is written, what the fields must not be.</summary>
    public IEnumerable<MalformedBody> All() =>
    [
        .. Fields(),
        .. template.OnlyReads ? (MalformedBody[])[] : [.. Texts(), .. Bytes(), .. Sizes(), .. Types()],
        .. template.IsSigned ? (MalformedBody[])[] : [.. FormFields()],
        .. template.IsSigned || template.OnlyReads ? (MalformedBody[])[] : [.. Forms(), .. Multiparts()],
    ];

    private IEnumerable<MalformedBody> Fields()
    {
        foreach (var field in template.Fields)
        {
            if (field.Required)
                yield return Of($"{field.Name} missing", With(field, ""), field.Name);
            foreach (var wrong in field.WrongJson.Concat(field.WrongTexts.Select(Quoted)))
                yield return Of($"{field.Name}: {Short(wrong)}", With(field, $"\"{field.Leaf}\":{wrong}"), field.Name);
            yield return Of($"{field.Name} twice", With(field, $"{Member(field)},{Member(field)}"), field.Leaf);
            yield return Of($"{field.Name} twice, once escaped",
                With(field, $"{Member(field)},\"\\u{(int)field.Leaf[0]:x4}{field.Leaf[1..]}\":{Value(field)}"), field.Leaf);
            yield return Of(
                $"{field.Name} in another case", With(field, $"\"{field.Leaf.ToUpperInvariant()}\":{Value(field)}"), field.Leaf.ToUpperInvariant());
            foreach (var (open, close) in ((string, string)[])[("[", "]"), ("{\"a\":", "}")])
                yield return Malformed($"{field.Name} {Deep} deep in {open}", With(field, $"\"{field.Leaf}\":{Nested(open, close)}"));
        }

        foreach (var at in template.Fields.Where(f => f.Good is null).Select(f => $"{f.Name}.").Prepend(""))
            foreach (var extra in (string[])["extra", "ownerPath", "__proto__", new string('x', 5_000), "a b", "€"])
                yield return Of(
                    $"{at}{Short(extra)} is no field", ObjectAt("", Member, at, $"\"{extra}\":1"), extra.Length > 100 ? $"{extra[..100]}…" : extra);
    }

    private IEnumerable<MalformedBody> Texts()
    {
        var (good, rest) = (Good, Good[1..]);
        foreach (var body in (string[])
        [
            "[]", "null", "true", "1", "\"x\"", $"[{good}]", good + "x", good + good, good + ",", good + "\0", good + "]", "\0" + good, "{{" + rest,
            "{," + rest, good[..^1] + ",}",
            "{'extra':1," + rest, "{extra:1," + rest, "{\"extra\":NaN," + rest, "{\"extra\":Infinity," + rest, "{\"extra\":01," + rest,
            "{\"extra\":+1," + rest, "{\"extra\":.5," + rest,
            "{\"extra\":\"a\nb\"," + rest, "{\"extra\":\"\\x\"," + rest, "{\"extra\":\"\\ud8\"," + rest, "{\"extra\"," + rest, "{\"extra\":," + rest,
            "{\"extra\" 1," + rest, "{1:1," + rest,
            "{\"\\ud800\":1," + rest, "{\"\\u0000\":1," + rest, "{\"\":1," + rest, "/* no */" + good, "// no\n" + good, "{/* no */" + rest,
            good + "// no", "#\n" + good,
            Nested("[", "]"), Nested("{\"a\":", "}"), new string('[', Deep), $"{{\"extra\":{Nested("[", "]")},{rest}",
            $"{{\"extra\":{Nested("{\"a\":", "}")},{rest}", "<x/>",
        ])
            // An unknown name that can be read is a matter of fields, in whichever way the door tells it.
            yield return Malformed(Short(body),
                body) with
            {
                Status = body.StartsWith("{\"\\u0000\"", StringComparison.Ordinal)
                || body.StartsWith("{\"\":1", StringComparison.Ordinal) ? null : HttpStatusCode.BadRequest
            };
        for (var i = 1; i <= Prefixes; i++)
            yield return Malformed($"cut at {i}/{Prefixes}", good[..Math.Max(1, good.Length * i / (Prefixes + 1))]);
        if (template.IsSigned)
            yield return Malformed("nothing", "");
        else if (template.Fields.FirstOrDefault(f => f.Required) is { } required)
            yield return Of("nothing", "", required.Name);
    }

    private IEnumerable<MalformedBody> Bytes()
    {
        var good = Good;
        foreach (var (what, bytes) in ((string, byte[])[])
        [
            ("0xFF", [0xFF]), ("a long form of /", [0xC0, 0xAF]), ("half of a pair", [0xED, 0xA0, 0x80]), ("a lone second byte", [0x80]),
            ("a cut character", [0xE2, 0x82]), ("beyond Unicode", [0xF4, 0x90, 0x80, 0x80]),
        ])
        {
            yield return new MalformedBody(
                $"{what} in a name", [.. "{\"a"u8, .. bytes, .. "\":1,"u8, .. Encoding.UTF8.GetBytes(good[1..])], Status: HttpStatusCode.BadRequest);
            yield return new MalformedBody(
                $"{what} between", [.. "{"u8, .. bytes, .. Encoding.UTF8.GetBytes(good[1..])], Status: HttpStatusCode.BadRequest);
            if (template.Fields.FirstOrDefault(f => f.Good?[0] == '"') is { } text)
            {
                var body = Encoding.UTF8.GetBytes(With(text, $"\"{text.Leaf}\":\"a@@b\""));
                var at = body.AsSpan().IndexOf("@@"u8);
                yield return new MalformedBody($"{what} in a text", [.. body.AsSpan(0, at), .. bytes, .. body.AsSpan(at + 2)],
                    template.IsSigned ? null : text.Name);
            }
        }

        yield return new MalformedBody(
            "two marks", [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(good)], Status: HttpStatusCode.BadRequest);
        yield return new MalformedBody("a mark alone", [.. Encoding.UTF8.Preamble], Status: HttpStatusCode.BadRequest);
        foreach (var encoding in (Encoding[])[Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32])
            yield return new MalformedBody(encoding.WebName, [.. encoding.Preamble, .. encoding.GetBytes(good)], Status: HttpStatusCode.BadRequest);
    }

    private IEnumerable<MalformedBody> Sizes()
    {
        var spaces = new string(' ', 1_000_000);
        yield return TooLarge("1 MB of blanks", Good + spaces);
        yield return TooLarge("1 MB in a text", $"{{\"extra\":\"{new string('x', 1_000_000)}\",{Good[1..]}");
        yield return TooLarge("one byte more than 64 KiB", Good + spaces[..(64 * 1024 + 1 - Encoding.UTF8.GetByteCount(Good))]);
        yield return TooLarge("1 MB packed", Good + spaces) with { Body = Packed(Encoding.UTF8.GetBytes(Good + spaces)), Encoding = "gzip" };
        yield return Malformed("not packed", Good) with { Encoding = "gzip" };
        yield return NotTaken("packed in a way of its own", Good, "application/json") with { Encoding = "zip" };
    }

    private IEnumerable<MalformedBody> Types() =>
    [
        .. ((string[])
            [
                "text/plain", "text/json", "application/xml", "application/octet-stream", "application/jsonx", "application/json; charset=utf-16",
                "application/json; charset=iso-8859-1",
                "application/json; charset=none", "application/json; charset=\"\"", "json", "application/", "*/*", "application/json, text/plain",
            ]).Select(type => NotTaken(type, Good, type)),
        .. template.IsSigned
            ? (MalformedBody[])[NotTaken("no type", Good, null), NotTaken("form", Good, UrlEncoded),
            NotTaken("parts", Good, "multipart/form-data; boundary=a")]
            : [],
    ];

    private IEnumerable<MalformedBody> FormFields()
    {
        foreach (var field in template.Fields)
        {
            if (field.Required)
                yield return OfForm($"{field.Name} missing", f => f == field ? [] : null, field.Name);
            foreach (var wrong in field.WrongTexts.Where(w => w.Trim().Length > 0 || field.Required).Append("a\0b"))
                yield return OfForm($"{field.Name}={Short(wrong)}", f => f == field ? [(f.Name, wrong)] : null, field.Name);
            yield return OfForm($"{field.Name} twice", f => f == field ? [(f.Name, TextOf(f)), (f.Name, TextOf(f))] : null, field.Name);
            yield return OfForm(
                $"{field.Name} in another case", f => f == field ? [(f.Name.ToUpperInvariant(), TextOf(f))] : null, field.Name.ToUpperInvariant());
        }
    }

    private IEnumerable<MalformedBody> Forms()
    {
        var good = GoodForm;
        yield return OfForm("extra", f => f == template.Fields[0] ? [(f.Name, TextOf(f)), ("extra", "1")] : null, "extra");
        yield return OfForm(
            "a long name", f => f == template.Fields[0] ? [(f.Name, TextOf(f)), (new string('x', 10_000), "1")] : null, $"{new string('x', 100)}…");
        foreach (var (what, body) in ((string, byte[])[])
        [
            ("0xFF in a value", [.. Encoding.ASCII.GetBytes(good), .. "&lang="u8, 0xFF]),
            ("%FF in a value", Encoding.ASCII.GetBytes($"{good}&extra=%FF")), ("a cut character", Encoding.ASCII.GetBytes($"{good}&extra=%E2%82")),
            ("%FF in a name", Encoding.ASCII.GetBytes($"{good}&%FF=1")),
            ("many", Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 2_000).Select(i => $"a{i}=1&")) + good)),
        ])
            yield return new MalformedBody(what, body, Status: HttpStatusCode.BadRequest) { Type = UrlEncoded };
        yield return TooLarge("1 MB form", good + "&" + new string('x', 1_000_000)) with { Type = UrlEncoded };
        yield return TooLarge("1 MB form packed", "") with
        {
            Type = UrlEncoded,
            Body = Packed(Encoding.ASCII.GetBytes($"{good}&x={new string('x', 1_000_000)}")),
            Encoding = "gzip"
        };
        foreach (var charset in (string[])["utf-16", "iso-8859-1", "utf-7", "none"])
            yield return NotTaken(charset, good, $"{UrlEncoded}; charset={charset}");
    }

    private IEnumerable<MalformedBody> Multiparts()
    {
        var good = string.Concat(template.Fields.Select(f => Part($"name=\"{f.Name}\"", TextOf(f))));
        var field = template.Fields[0];
        yield return Parts("a file", good + Part("name=\"extra\"; filename=\"x.txt\"", "x"), null, "extra");
        yield return Parts("a file instead",
            good.Replace($"name=\"{field.Name}\"", $"name=\"{field.Name}\"; filename=\"x\"", StringComparison.Ordinal), null, field.Name);
        yield return Parts("twice", good + Part($"name=\"{field.Name}\"", TextOf(field)), null, field.Name);
        if (template.Fields.FirstOrDefault(f => f.Good?[0] == '"') is { } text)
        {
            var parts = Parts(
                "0xFF", string.Concat(template.Fields.Select(f => Part($"name=\"{f.Name}\"", f == text ? "~~" : TextOf(f)))), null, text.Name);
            yield return parts with { Body = [.. parts.Body.Select(b => b == (byte)'~' ? (byte)0xFF : b)] };
        }

        yield return Parts("another charset in a part", good + Part("name=\"extra\"", "x", "\r\nContent-Type: text/plain; charset=utf-16"), null);
        yield return Parts("a charset of old in a part", good + Part("name=\"extra\"", "x", "\r\nContent-Type: text/plain; charset=utf-7"),
            HttpStatusCode.BadRequest);
        yield return Parts("no name", good + Part("x=y", "x"), null);
        yield return Parts("no disposition", good + "--a\r\n\r\nx\r\n", HttpStatusCode.BadRequest);
        yield return Parts(
            "many", string.Concat(Enumerable.Range(0, 500).Select(i => Part($"name=\"a{i}\"", "1"))) + good, HttpStatusCode.BadRequest);
        yield return Parts("a long header", good + Part($"name=\"{new string('x', 30_000)}\"", "1"), HttpStatusCode.BadRequest);
        yield return Malformed(
            "no end", "--a\r\nContent-Disposition: form-data; name=\"lang\"\r\n\r\nE") with
        { Type = "multipart/form-data; boundary=a" };
        yield return Malformed("another boundary", good + "--a--\r\n") with { Type = "multipart/form-data; boundary=b" };
        yield return Malformed("no boundary", good + "--a--\r\n") with { Type = "multipart/form-data" };
        yield return Malformed("a boundary without end", good + "--a--\r\n") with { Type = $"multipart/form-data; boundary={new string('a', 200)}" };
        yield return TooLarge(
            "1 MB part", good + Part("name=\"extra\"", new string('x', 1_000_000)) + "--a--\r\n") with
        { Type = "multipart/form-data; boundary=a" };
    }

    private static string Part(string disposition, string value, string more = "") =>
        $"--a\r\nContent-Disposition: form-data; {disposition}{more}\r\n\r\n{value}\r\n";

    private static MalformedBody Parts(string what, string parts, HttpStatusCode? status, string? field = null) =>
        new(what, Encoding.UTF8.GetBytes(parts + "--a--\r\n"), field, status) { Type = "multipart/form-data; boundary=a" };

    private static MalformedBody Of(string what, string body, string field) => new(what, Encoding.UTF8.GetBytes(body), field);

    private static MalformedBody Malformed(string what, string body) => new(what, Encoding.UTF8.GetBytes(body), Status: HttpStatusCode.BadRequest);

    private static MalformedBody TooLarge(string what, string body) =>
        new(what, Encoding.UTF8.GetBytes(body), Status: HttpStatusCode.RequestEntityTooLarge);

    private static MalformedBody NotTaken(string what, string body, string? type) =>
        new(what, Encoding.UTF8.GetBytes(body), Status: HttpStatusCode.UnsupportedMediaType) { Type = type };

    private MalformedBody OfForm(string what, Func<BodyField, (string, string)[]?> of, string field) =>
        new(what, Encoding.ASCII.GetBytes(Form(f => of(f) ?? [(f.Name, TextOf(f))])), field) { Type = UrlEncoded };

    private string Form(Func<BodyField, (string Name, string Value)[]> of) =>
        string.Join('&', template.Fields.SelectMany(of).Select(x => $"{Uri.EscapeDataString(x.Name)}={Uri.EscapeDataString(x.Value)}"));

    private string With(BodyField field, string member) => ObjectAt("", f => f == field ? member : Member(f));

    private string Member(BodyField field) => $"\"{field.Leaf}\":{Value(field)}";

    private string Value(BodyField field) => field.Good is { } good ? Filled(good) : ObjectAt($"{field.Name}.", Member);

    private string TextOf(BodyField field) => Filled(field.Good!).Trim('"');

    // Of what lies below, a member given for an outer field takes the place.
    private string ObjectAt(string prefix, Func<BodyField, string> member, string? extraAt = null, string extra = "")
    {
        var members = template.Fields.Where(f => f.Name.StartsWith(prefix, StringComparison.Ordinal) && !f.Name[prefix.Length..].Contains('.'))
            .Select(f => f.Good is null && member(f) == Member(f) ? $"\"{f.Leaf}\":{ObjectAt($"{f.Name}.", member, extraAt, extra)}" : member(f))
            .Where(m => m.Length > 0);
        return $"{{{string.Join(',', extraAt == prefix ? members.Append(extra) : members)}}}";
    }

    private string Filled(string value) => words.Aggregate(value, (text, word) => text.Replace($"${word.Key}", word.Value, StringComparison.Ordinal));

    private static string Quoted(string text) => System.Text.Json.JsonSerializer.Serialize(text);

    private static string Nested(string open, string close) => string.Concat(Enumerable.Repeat(open, Deep)) + "1" + new string(close[0], Deep);

    private static string Short(string text) => text.Length > 60 ? $"{text[..60]}… ({text.Length})" : text;

    private static byte[] Packed(byte[] body)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(body);
        return packed.ToArray();
    }
}
