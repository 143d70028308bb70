using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Licensing.Host.Reference;

/// <summary>Values made from schemas, the same ones at every start.</summary>
internal sealed class Examples(OpenApiDocument document)
{
    private static readonly Dictionary<string, string> ByName = new(StringComparer.OrdinalIgnoreCase)
    {
        ["email"] = "ada@example.com",
        ["password"] = "correct horse battery staple",
        ["currentPassword"] = "correct horse battery staple",
        ["newPassword"] = "staple battery horse correct",
        ["username"] = "ada.lovelace",
        ["firstName"] = "Ada",
        ["lastName"] = "Lovelace",
        ["mobilePhone"] = "+4915112345678",
        ["landlinePhone"] = "+4930123456",
        ["otp"] = "287082",
        ["country"] = "DE",
        ["currency"] = "EUR",
        ["displayName"] = "Contoso Cloud",
        ["legalName"] = "Contoso Cloud GmbH",
        ["externalId"] = "contoso-1",
        ["phone"] = "+49 30 1234567",
        ["taxId"] = "DE123456789",
        ["city"] = "Berlin",
        ["postalCode"] = "10115",
        ["period"] = "2026-01",
        ["tokenType"] = "Bearer",
        ["role"] = "PartnerAdministrator",
        ["reason"] = "Asked for by the customer.",
        ["message"] = "A sentence.",
        ["name"] = "Example",
        ["sku"] = "ccaas-seat",
        ["region"] = "eu",
        ["accessToken"] = "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl",
        ["refreshToken"] = "lr_Zm9v",
        ["prefix"] = "lk_Zm9v",
        ["transport"] = "tls",
        ["lang"] = "EN",
        ["countryCode"] = "DE",
        ["currencyCode"] = "EUR",
        ["industryCode"] = "education",
        ["customerName"] = "Ada",
        ["customerSurname"] = "Lovelace",
        ["companyName"] = "Contoso Cloud GmbH",
        ["licenseCode"] = "CL-Q-A005-M1",
        ["licenseInfo"] = "Headquarter",
    };

    // Components being shown now: what holds itself ends with null or nothing.
    private readonly Stack<string> _open = new();

    public JsonNode? Of(IOpenApiSchema schema, string name = "")
    {
        if (schema is OpenApiSchemaReference { Reference.Id: { } id })
        {
            if (_open.Contains(id))
                return null;
            _open.Push(id);
            var shown = Of(document.Components!.Schemas![id], name);
            _open.Pop();
            return shown;
        }

        if (schema.Examples is [{ } given, ..])
            return given.DeepClone();
        if (schema.Enum is [{ } first, ..])
            return first.DeepClone();
        if (schema.OneOf is [{ } choice, ..])
            return Of(choice, name);

        var type = (schema.Type ?? JsonSchemaType.Object) & ~JsonSchemaType.Null;
        return type switch
        {
            JsonSchemaType.String => Text(schema.Format, name),
            JsonSchemaType.Integer => 1,
            JsonSchemaType.Number => 1.5,
            JsonSchemaType.Boolean => true,
            JsonSchemaType.Array => schema.Items is { } items && Of(items, Singular(name)) is { } item ? new JsonArray(item) : new JsonArray(),
            _ => Members(schema),
        };
    }

    private JsonObject Members(IOpenApiSchema schema)
    {
        var example = new JsonObject();
        foreach (var (name, member) in schema.Properties ?? new Dictionary<string, IOpenApiSchema>())
            // A cursor on the last page, so that nobody sends the example back.
            example[name] = name == "next" ? null : Of(member, name);
        if (schema.AdditionalProperties is { Type: not null } or OpenApiSchemaReference)
            example["key"] = Of(schema.AdditionalProperties);
        return example;
    }

    private static string Text(string? format, string name) => format switch
    {
        "uuid" => "019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01",
        "date-time" => "2026-01-15T09:00:00+00:00",
        "date" => "2026-01-15",
        "uri" => "https://example.com/",
        "byte" => "AAEC",
        _ => ByName.GetValueOrDefault(name.Replace("_", "")) ?? (name.Length == 0 ? "text" : name),
    };

    private static string Singular(string name) => name.EndsWith('s') ? name[..^1] : name;
}
