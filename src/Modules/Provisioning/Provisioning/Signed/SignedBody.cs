using System.Text.Json;
using System.Text.Unicode;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;

namespace Licensing.Provisioning.Signed;

/// <summary>Whom a request is about, as the partner calls them; the first generation has <paramref name="Tenant"/> alone, as <c>serial</c>.</summary>
internal sealed record SignedCustomer(string? Reseller, string? ResellerName, string Tenant, string? TenantName);

/// <summary>Credentials of the tenant's telephone trunk.</summary>
internal sealed record SipCredentialsBody(
    string Username, string Password, string SipServer, string OutboundProxy, int? SipPort = null, string? Transport = null);

/// <summary>
/// A signed request's body: what the product calls a feature is a number here, nested where its key has dots; all of it at once or none.
/// </summary>
internal sealed record SignedBody(SignedCustomer Customer, IReadOnlyDictionary<string, int> Quantities, SipCredentialsBody? Sip)
{
    private const int Most = 1_000_000;
    private const int LongestText = 500;
    private const int LongestName = 200;
    private const int LongestId = 100;

    // What the first generation of clients may order and the present one may not.
    private static readonly string[] OnlyFirst = ["additionalAiMessages"];
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16 };

    /// <param name="request">The proved request.</param>
    /// <param name="rules">The product's; null where a request may name nothing but the customer.</param>
    public static Result<SignedBody> Read(SignedRequest request, ProductRules? rules)
    {
        if (!Utf8.IsValid(request.Body))
            return Refusal.Field("", "malformed", "The body is not UTF-8.");
        try
        {
            using var json = JsonDocument.Parse(WithoutMark(request.Body), Strict);
            var reading = new Reading(request.Profile is CertificateProfile.V1, rules);
            return reading.Read(json.RootElement);
        }
        catch (JsonException broken)
        {
            return Refusal.Field("", "malformed", $"{broken.Message.Split(" LineNumber:")[0].TrimEnd('.', ' ')}.");
        }
        catch (InvalidOperationException)
        {
            // How the reader answers half a surrogate pair in a name that is written as an escape.
            return Refusal.Field("", "malformed", "A name holds an escape that stands for no character.");
        }
    }

    private static ReadOnlyMemory<byte> WithoutMark(byte[] body) => body.AsSpan().StartsWith("\uFEFF"u8) ? body.AsMemory(3) : body;

    private sealed class Reading(bool first, ProductRules? rules)
    {
        private readonly List<FieldError> _errors = [];
        private readonly Dictionary<string, int> _quantities = new(StringComparer.Ordinal);
        private readonly HashSet<string> _features =
            [.. (rules?.Features ?? []).Select(f => f.Key).Where(k => first || !OnlyFirst.Contains(k))];
        private SignedCustomer? _customer;
        private SipCredentialsBody? _sip;

        public Result<SignedBody> Read(JsonElement body)
        {
            if (body.ValueKind is not JsonValueKind.Object)
                return Refusal.Field("", "malformed", "The body must be a JSON object.");
            foreach (var property in Members(body, ""))
                switch (property.Name)
                {
                    case "ccId" when !first:
                        _customer = Customer(property.Value);
                        break;
                    case "serial" when first:
                        if (Text(property.Value, "serial", LongestId) is { } serial)
                            _customer = new SignedCustomer(null, null, serial, null);
                        break;
                    case "sipCredentials" when rules is not null:
                        _sip = Sip(property.Value);
                        break;
                    // What is nested has dots in its name for us alone.
                    case var name when name.Contains('.'):
                        Error(name, "unknown_property", $"Unknown property {name.Shortened}.");
                        break;
                    default:
                        Feature(property.Value, property.Name);
                        break;
                }

            var key = first ? "serial" : "ccId";
            if (_customer is null && !_errors.Exists(e => e.Pointer.StartsWith($"/{key}", StringComparison.Ordinal)))
                Error(key, "required", $"{key} is required.");
            return _errors.Count > 0 ? Refusal.AllFields(_errors) : new SignedBody(_customer!, _quantities, _sip);
        }

        private SignedCustomer? Customer(JsonElement value)
        {
            var texts = Texts(value, "ccId", ["resellerId", "resellerName", "tenantId", "tenantName"]);
            foreach (var required in (string[])["resellerId", "tenantId"])
                if (texts is not null && !texts.ContainsKey(required))
                    Error($"ccId.{required}", "required", $"ccId.{required} is required.");
            return texts?.GetValueOrDefault("resellerId") is { } reseller && texts.GetValueOrDefault("tenantId") is { } tenant
                ? new SignedCustomer(reseller, texts.GetValueOrDefault("resellerName"), tenant, texts.GetValueOrDefault("tenantName"))
                : null;
        }

        private SipCredentialsBody? Sip(JsonElement value)
        {
            const string At = "sipCredentials";
            string[] required = ["username", "password", "sipServer", "outboundProxy"];
            if (Texts(value, At, [.. required, "transport"], "sipPort") is not { } texts)
                return null;
            foreach (var missing in required.Where(r => !texts.ContainsKey(r)))
                Error($"{At}.{missing}", "required", $"{At}.{missing} is required.");
            if (texts.GetValueOrDefault("transport") is { } transport && transport is not ("udp" or "tcp" or "tls"))
                Error($"{At}.transport", "invalid", $"{At}.transport must be udp, tcp or tls.");
            int? port = null;
            if (value.TryGetProperty("sipPort", out var given))
            {
                if (given.ValueKind is JsonValueKind.Number && given.TryGetInt32(out var number) && number is >= 1 and <= 65_535)
                    port = number;
                else
                    Error($"{At}.sipPort", "out_of_range", $"{At}.sipPort must be an integer from 1 to 65535.");
            }

            if (value.TryGetProperty("sipPort", out _) != value.TryGetProperty("transport", out _))
                Error(At, "both_or_neither", $"{At}.sipPort and {At}.transport must be given both or neither.");
            return _errors.Exists(e => e.Pointer.StartsWith($"/{At}", StringComparison.Ordinal))
                ? null
                : new SipCredentialsBody(
                    texts["username"], texts["password"], texts["sipServer"], texts["outboundProxy"], port, texts.GetValueOrDefault("transport"));
        }

        private void Feature(JsonElement value, string key)
        {
            if (_features.Contains(key))
            {
                if (value.ValueKind is JsonValueKind.Number && value.TryGetInt32(out var quantity) && quantity is >= 0 and <= Most)
                    _quantities[key] = quantity;
                else
                    Error(key, "out_of_range", $"{key} must be an integer from 0 to {Most}.");
                return;
            }

            var inside = _features.Where(f => f.StartsWith($"{key}.", StringComparison.Ordinal)).ToList();
            if (inside.Count == 0)
            {
                Error(key, "unknown_property", $"Unknown property {key.Shortened}.");
                return;
            }

            if (value.ValueKind is not JsonValueKind.Object)
            {
                Error(key, "malformed", $"{key} must be an object.");
                return;
            }

            foreach (var property in Members(value, $"{key}."))
                if (property.Name.Contains('.') || !_features.Contains($"{key}.{property.Name}"))
                    Error($"{key}.{property.Name}", "unknown_property", $"Unknown property {key}.{property.Name.Shortened}.");
                else
                    Feature(property.Value, $"{key}.{property.Name}");
            // An object with one feature says nothing without it.
            if (inside is [var only] && !value.TryGetProperty(only[(key.Length + 1)..], out _))
                Error(only, "required", $"{only} is required.");
        }

        private Dictionary<string, string>? Texts(JsonElement value, string at, string[] names, string? number = null)
        {
            if (value.ValueKind is not JsonValueKind.Object)
            {
                Error(at, "malformed", $"{at} must be an object.");
                return null;
            }

            var texts = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var property in Members(value, $"{at}."))
                if (property.Name == number)
                    continue;
                else if (!names.Contains(property.Name))
                    Error($"{at}.{property.Name}", "unknown_property", $"Unknown property {at}.{property.Name.Shortened}.");
                else if (Text(property.Value, $"{at}.{property.Name}",
                    at != "ccId" ? LongestText : property.Name.EndsWith("Id", StringComparison.Ordinal) ? LongestId : LongestName) is { } text)
                    texts[property.Name] = text;
            return texts;
        }

        private string? Text(JsonElement value, string name, int longest)
        {
            if (value.AsText is { } text && text.Length <= longest && !string.IsNullOrWhiteSpace(text) && text.IsOneLine)
                return text;
            Error(name, "length", $"{name} must be a text of 1 to {longest} characters, none of them a control character.");
            return null;
        }

        // A name that stands twice has two values, and nobody knows which of them was meant.
        private List<JsonProperty> Members(JsonElement value, string at)
        {
            var members = value.EnumerateObject().ToList();
            foreach (var twice in members.GroupBy(p => p.Name, StringComparer.Ordinal).Where(g => g.Count() > 1))
                Error($"{at}{twice.Key}", "given_twice", $"{at}{twice.Key.Shortened} is given twice.");
            return members;
        }

        private void Error(string name, string code, string message) =>
            _errors.Add(new($"/{string.Join('/', name.Split('.').Select(PointerToken.Escape))}", code, message));
    }
}
