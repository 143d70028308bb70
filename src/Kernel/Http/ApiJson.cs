using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Licensing.Kernel.Http;

/// <summary>JSON as the API speaks it: camelCase, nothing unknown, nothing twice, nulls only where a slice allows them.</summary>
public static class ApiJson
{
    public static JsonSerializerOptions Options { get; } = Configure(new JsonSerializerOptions());

    /// <param name="options">What to set.</param>
    /// <param name="names">How properties are written; in camelCase unless a door writes them otherwise.</param>
    /// <param name="decimals">How decimals travel; as strings unless a door sends them otherwise.</param>
    public static JsonSerializerOptions Configure(
        JsonSerializerOptions options, JsonNamingPolicy? names = null, JsonConverter<decimal>? decimals = null)
    {
        options.PropertyNamingPolicy = names ?? JsonNamingPolicy.CamelCase;
        options.DictionaryKeyPolicy = null;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.MaxDepth = 32;
        options.TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { NoNullElements.Refuse, NoIgnoredFields.Refuse } };
        options.Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new StorableTextJsonConverter());
        options.Converters.Add(new IdJsonConverter());
        options.Converters.Add(new InstantJsonConverter());
        options.Converters.Add(new OptionalJsonConverter());
        options.Converters.Add(decimals ?? new DecimalStringJsonConverter());
        options.Converters.Add(new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false));
        return options;
    }
}
