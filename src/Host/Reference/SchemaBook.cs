using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Licensing.Kernel;
using Licensing.Kernel.Http;
using Microsoft.OpenApi;

namespace Licensing.Host.Reference;

/// <summary>
/// Schemas as a door's serializer really reads and writes: it walks the serializer's own contracts, which the framework's generator
/// leaves for types with converters (ids, money, optionals) at "anything".
/// </summary>
internal sealed class SchemaBook(OpenApiDocument document, XmlDocs docs, JsonSerializerOptions json)
{
    internal const string DecimalPattern = @"^-?[0-9]{1,20}(\.[0-9]{1,18})?$";

    private readonly Dictionary<Type, string> _names = [];
    private readonly HashSet<Type> _read = [];
    private readonly NullabilityInfoContext _nullability = new();

    /// <summary>The schema of a body; <paramref name="read"/> when it is sent to us, so that what is not in it is refused.</summary>
    public IOpenApiSchema Of(Type type, bool read = false)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return OrNull(Of(underlying, read));
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Optional<>))
            return Of(type.GetGenericArguments()[0], read);
        if (type == typeof(decimal) && JsonSerializer.SerializeToNode(1m, json)!.GetValueKind() is JsonValueKind.Number)
            return new OpenApiSchema { Type = JsonSchemaType.Number };
        if (Scalar(type) is { } scalar)
            return scalar;
        if (type == typeof(JsonElement) || type == typeof(JsonNode) || type == typeof(object))
            return new OpenApiSchema();
        if (type == typeof(JsonObject))
            return new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = new OpenApiSchema() };

        var contract = ContractOf(type);
        return contract.Kind switch
        {
            JsonTypeInfoKind.Dictionary => new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = Of(contract.ElementType!, read) },
            JsonTypeInfoKind.Enumerable => new OpenApiSchema { Type = JsonSchemaType.Array, Items = Of(contract.ElementType!, read) },
            JsonTypeInfoKind.Object => Component(type, read, () => Describe(contract, read)),
            _ when type == typeof(Money) => Component(type, read, () => Closed(
                "An amount of money.", ("amount", Decimal("Whole units of the currency.")), ("currency", Scalar(typeof(Currency))!))),
            _ when type == typeof(Period) => Component(type, read, () => Closed(
                "Whole days; the start counts, the end does not.",
                ("start", Day("2026-01-01")), ("end", Day("2026-02-01")))),
            _ => throw new InvalidOperationException(
                $"The reference cannot show {type}: it has a converter of its own. Teach {nameof(SchemaBook)} what it writes."),
        };
    }

    /// <summary>The members of a body's schema where they are parameters of their own, each a text or left out.</summary>
    public IEnumerable<(string Name, OpenApiSchema Schema, bool IsRequired)> Parameters(Type type)
    {
        var described = Describe(ContractOf(type), read: true);
        foreach (var (name, member) in described.Properties!)
            if (member is OpenApiSchema schema)
            {
                schema.Type &= ~JsonSchemaType.Null;
                yield return (name, schema, described.Required!.Contains(name));
            }
    }

    // The document may be asked for before anything was serialized, and until then the options have no resolver.
    private JsonTypeInfo ContractOf(Type type)
    {
        json.MakeReadOnly(populateMissingResolver: true);
        return json.GetTypeInfo(type);
    }

    /// <summary>The schema of a value in the path or the query, where everything is text.</summary>
    public static OpenApiSchema OfParameter(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(Period))
            return new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description = "A month yyyy-MM, or days yyyy-MM-dd/yyyy-MM-dd, the last one not included.",
                Examples = ["2026-01"]
            };
        if (type.IsArray)
            return new OpenApiSchema { Type = JsonSchemaType.Array, Items = OfParameter(type.GetElementType()!) };
        return Scalar(type) ?? new OpenApiSchema { Type = JsonSchemaType.String };
    }

    private static OpenApiSchema? Scalar(Type type) => Type.GetTypeCode(type) switch
    {
        _ when type.IsEnum =>
            new()
            {
                Type = JsonSchemaType.String,
                Enum = [.. Enum.GetValues(type).Cast<object>().Select(v => JsonSerializer.SerializeToNode(v, type, ApiJson.Options)!)]
            },
        TypeCode.String => new() { Type = JsonSchemaType.String },
        TypeCode.Boolean => new() { Type = JsonSchemaType.Boolean },
        TypeCode.Int16 or TypeCode.UInt16 or TypeCode.Byte or TypeCode.Int32 => new() { Type = JsonSchemaType.Integer, Format = "int32" },
        TypeCode.Int64 or TypeCode.UInt32 => new() { Type = JsonSchemaType.Integer, Format = "int64" },
        TypeCode.Double or TypeCode.Single => new() { Type = JsonSchemaType.Number, Format = "double" },
        TypeCode.Decimal => Decimal(null),
        TypeCode.DateTime => new() { Type = JsonSchemaType.String, Format = "date-time" },
        _ when type == typeof(Guid) || IsId(type) => new() { Type = JsonSchemaType.String, Format = "uuid" },
        _ when type == typeof(DateTimeOffset) => new() { Type = JsonSchemaType.String, Format = "date-time" },
        _ when type == typeof(DateOnly) => new() { Type = JsonSchemaType.String, Format = "date" },
        _ when type == typeof(TimeSpan) => new() { Type = JsonSchemaType.String },
        _ when type == typeof(Uri) => new() { Type = JsonSchemaType.String, Format = "uri" },
        _ when type == typeof(byte[]) => new() { Type = JsonSchemaType.String, Format = "byte" },
        _ when type == typeof(Exact) => Decimal("Every digit counts; nothing is rounded."),
        _ when type == typeof(Currency) =>
            new() { Type = JsonSchemaType.String, Pattern = "^[A-Z]{3}$", Description = "ISO 4217 code.", Examples = ["EUR"] },
        _ => null,
    };

    private static bool IsId(Type type) =>
        type.IsValueType && type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IId<>));

    private static OpenApiSchema Day(string example) => new() { Type = JsonSchemaType.String, Format = "date", Examples = [example] };

    private static OpenApiSchema Decimal(string? description) =>
        new() { Type = JsonSchemaType.String, Pattern = DecimalPattern, Description = description, Examples = ["12.5"] };

    private static OpenApiSchema Closed(string description, params (string Name, IOpenApiSchema Schema)[] properties) => new()
    {
        Type = JsonSchemaType.Object,
        Description = description,
        Properties = properties.ToDictionary(p => p.Name, p => p.Schema),
        Required = properties.Select(p => p.Name).ToHashSet(),
        AdditionalPropertiesAllowed = false,
    };

    private OpenApiSchemaReference Component(Type type, bool read, Func<OpenApiSchema> describe)
    {
        if (_names.TryGetValue(type, out var name))
        {
            // Seen as an answer before: as a part of a request it, and what it is made of, takes nothing unknown.
            if (read && _read.Add(type) && document.Components!.Schemas![name] is OpenApiSchema known)
            {
                var again = describe();
                (known.Required, known.Properties, known.AdditionalPropertiesAllowed) = (again.Required, again.Properties,
                    again.AdditionalPropertiesAllowed);
            }

            return new OpenApiSchemaReference(name, document);
        }

        name = NameOf(type);
        if (document.Components!.Schemas!.ContainsKey(name))
            name = $"{type.Namespace!.Split('.')[1]}{name}";
        _names.Add(type, name);
        if (read)
            _read.Add(type);
        // Added before its parts are looked at, so that a type may hold itself.
        var schema = new OpenApiSchema();
        document.Components.Schemas.Add(name, schema);
        var described = describe();
        (schema.Type, schema.Properties, schema.Required) = (described.Type, described.Properties, described.Required);
        (schema.Description, schema.AdditionalPropertiesAllowed) = (described.Description, described.AdditionalPropertiesAllowed);
        return new OpenApiSchemaReference(name, document);
    }

    private OpenApiSchema Describe(JsonTypeInfo contract, bool read)
    {
        var schema = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = docs.Summary(contract.Type),
            Properties = new Dictionary<string, IOpenApiSchema>(),
            Required = new HashSet<string>(),
            AdditionalPropertiesAllowed = !read,
        };
        // What is computed is told in answers and not taken in requests.
        foreach (var property in contract.Properties.Where(p =>
            !p.IsExtensionData && (read ? p.Set is not null || p.AssociatedParameter is not null : p.Get is not null)))
        {
            var member = property.AttributeProvider as PropertyInfo;
            var value = Of(property.PropertyType, read);
            if (value is OpenApiSchema own)
                Limit(own, property);
            // What is left out of answers where it is null is never null in them.
            if (member is not null && MayBeNull(property, member, read) && (read || property.ShouldSerialize is null))
                value = OrNull(value);
            if (member is not null && docs.Summary(contract.Type, member.Name) is { } description)
                value = Described(value, description);
            schema.Properties[property.Name] = value;
            if (read ? IsRequired(property) : property.ShouldSerialize is null)
                schema.Required.Add(property.Name);
        }

        return schema;
    }

    private static void Limit(OpenApiSchema schema, JsonPropertyInfo property)
    {
        foreach (var rule in property.AssociatedParameter?.AttributeProvider?.GetCustomAttributes(typeof(ValidationAttribute), inherit: true) ?? [])
            if (rule is StringLengthAttribute length)
                (schema.MinLength, schema.MaxLength) = (length.MinimumLength, length.MaximumLength);
            else if (rule is RegularExpressionAttribute form)
                schema.Pattern = form.Pattern;
    }

    private static bool IsRequired(JsonPropertyInfo property) =>
        property.IsRequired || property.AssociatedParameter is { HasDefaultValue: false };

    private bool MayBeNull(JsonPropertyInfo property, PropertyInfo member, bool read)
    {
        if (property.PropertyType.IsGenericType && property.PropertyType.GetGenericTypeDefinition() == typeof(Optional<>))
            return _nullability.Create(member).GenericTypeArguments[0] is { WriteState: NullabilityState.Nullable, Type.IsValueType: false };
        return !property.PropertyType.IsValueType && (read ? property.IsSetNullable : property.IsGetNullable);
    }

    private static OpenApiSchema OrNull(IOpenApiSchema schema)
    {
        if (schema is not OpenApiSchema inline)
            return new OpenApiSchema { OneOf = [schema, new OpenApiSchema { Type = JsonSchemaType.Null }] };
        if (inline.Type is { } type)
            inline.Type = type | JsonSchemaType.Null;
        if (inline.Enum is { Count: > 0 } && !inline.Enum.Contains(null!))
            inline.Enum.Add(JsonNullSentinel.JsonNull);
        return inline;
    }

    private static IOpenApiSchema Described(IOpenApiSchema schema, string description)
    {
        if (schema is OpenApiSchemaReference reference)
            reference.Description = description;
        else if (schema is OpenApiSchema inline)
            inline.Description = description;
        return schema;
    }

    // CreateTenant+Command → CreateTenantCommand, Page<TenantView> → PageOfTenantView.
    private static string NameOf(Type type)
    {
        var name = type.IsGenericType
            ? type.Name[..type.Name.IndexOf('`')] + "Of" + string.Join("And", type.GetGenericArguments().Select(NameOf))
            : type.Name;
        return type.DeclaringType is { } outer ? NameOf(outer) + name : name;
    }
}
