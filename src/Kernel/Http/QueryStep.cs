using System.Collections.Concurrent;
using System.Reflection;
using Licensing.Kernel.Dialects;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;

namespace Licensing.Kernel.Http;

/// <summary>
/// Refuses query parameters that the endpoint does not declare: a mistyped filter must not answer the whole list. And U+0000
/// wherever an address can hold it, since no stored text does. Where parameters may stand in the body as well, an unknown one is the
/// same fault in either.
/// </summary>
internal sealed class QueryStep(RequestDelegate next)
{
    public static Refusal InvalidCharacter { get; } =
        new(RefusalKind.Malformed, "invalid_character", "A text holds the character U+0000, which cannot be kept.");

    private readonly ConcurrentDictionary<Endpoint, HashSet<string>?> _declared = new();

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.QueryString.HasValue
            && context.Request.Query.FirstOrDefault(p => p.Key.Contains('\0') || p.Value.Any(v => v?.Contains('\0') == true)) is { Key: { } name })
            return context.Dialect.RefuseAsync(context, InvalidCharacter with
            { Fields = [new FieldError("?" + name.Replace("\0", "", StringComparison.Ordinal), InvalidCharacter.Code, InvalidCharacter.Message)] });
        if (context.Request.QueryString.HasValue && context.Dialect.RefusesUnknown && context.GetEndpoint() is { } endpoint
            && _declared.GetOrAdd(endpoint, Declared) is { } known
            && context.Request.Query.Keys.FirstOrDefault(k => !known.Contains(k)) is { } unknown)
            return context.Dialect.RefuseAsync(context, new Refusal(
                KindOf(endpoint), "unknown_parameter",
                $"Unknown query parameter {unknown}; known here: {(known.Count == 0 ? "none" : string.Join(", ", known.Order()))}.")
            { Fields = [new FieldError("?" + unknown, "unknown_parameter", $"Unknown query parameter {unknown}.")] });
        return context.Request.Path.Value!.Contains('\0') ? context.Dialect.RefuseAsync(context, InvalidCharacter) : next(context);
    }

    private static RefusalKind KindOf(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<ReadsParameters>() is null ? RefusalKind.Malformed : RefusalKind.Invalid;

    // Only slices are strict; the reference pages have parameters of their own.
    private static HashSet<string>? Declared(Endpoint endpoint)
    {
        if (endpoint.Metadata.GetMetadata<SliceMetadata>() is null || endpoint.Metadata.GetMetadata<MethodInfo>() is not { } method)
            return null;

        var inPath = (endpoint as RouteEndpoint)?.RoutePattern.Parameters.Select(p => p.Name).ToHashSet(StringComparer.OrdinalIgnoreCase) ?? [];
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var parameter in method.GetParameters())
        {
            if (parameter.GetCustomAttribute<AsParametersAttribute>() is not null)
                names.UnionWith(parameter.ParameterType.GetProperties()
                    .Where(p => IsQuery(p.PropertyType, p.GetCustomAttributes())).Select(p => NameOf(p.GetCustomAttributes(), p.Name)));
            else if (parameter.Name is { } name && IsQuery(parameter.ParameterType, parameter.GetCustomAttributes()))
                names.Add(NameOf(parameter.GetCustomAttributes(), name));
        }

        names.ExceptWith(inPath);
        names.UnionWith(endpoint.Metadata.GetOrderedMetadata<ReadsParameters>().SelectMany(r => r.Query));
        return names;
    }

    // As minimal APIs bind: what can be parsed from a text is looked for in the query, the rest is a service or the body.
    private static bool IsQuery(Type type, IEnumerable<Attribute> attributes)
    {
        if (attributes.Any(a => a is IFromBodyMetadata or IFromHeaderMetadata or IFromServiceMetadata or IFromRouteMetadata))
            return false;
        var single = type.IsArray ? type.GetElementType()! : type;
        var value = Nullable.GetUnderlyingType(single) ?? single;
        return value == typeof(string) || value.IsEnum || value == typeof(StringValues)
            || value.GetMethods(BindingFlags.Public | BindingFlags.Static).Any(m => m.Name == "TryParse")
            || attributes.OfType<IFromQueryMetadata>().Any();
    }

    private static string NameOf(IEnumerable<Attribute> attributes, string name) =>
        attributes.OfType<IFromQueryMetadata>().FirstOrDefault()?.Name ?? System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(name);
}
