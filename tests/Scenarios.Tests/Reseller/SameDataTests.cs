using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using FsCheck;
using FsCheck.Fluent;
using Licensing.Doors.Reseller;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Scenarios.Tests.Reseller;

/// <summary>Of every result there is: its XML says what its JSON says, whatever is in it.</summary>
public sealed class SameDataTests(App app) : IClassFixture<App>
{
    private static readonly JsonSerializerOptions Json = new ResellerDialect().Json;
    private static readonly NullabilityInfoContext Nullability = new();

    private IEnumerable<Type> Results() => app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(e => e.RoutePattern.RawText!.StartsWith(ResellerDialect.Root, StringComparison.Ordinal))
        .Select(e => e.Metadata.OfType<IProducesResponseTypeMetadata>().Single(p => p.StatusCode == 200).Type!).Distinct();

    [Fact]
    public void Xml_and_json_of_every_result_carry_the_same_data()
    {
        var results = Results().ToList();
        results.Count.ShouldBeGreaterThan(2);
        foreach (var type in results)
            Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), Prop.ForAll(Any(type).ToArbitrary(), value =>
            {
                var json = JsonSerializer.SerializeToNode(value, type, Json)!;
                var xml = XDocument.Parse(Encoding.UTF8.GetString(ResellerXml.Document(value!, Json)), LoadOptions.PreserveWhitespace).Root!;
                xml.Name.ToString().ShouldBe(type.Name);
                xml.DescendantsAndSelf().ShouldAllBe(e => e.Name.NamespaceName.Length == 0 && !e.HasAttributes);
                Read(xml, json).ToJsonString(Json).ShouldBe(json.ToJsonString(Json));
            }));
    }

    // Two documents of one name would be two types at the caller's, too.
    [Fact]
    public void Every_result_has_a_name_of_its_own() => Results().Select(t => t.Name).ShouldBeUnique();

    [Fact]
    public void Every_method_knows_who_may_call_it() =>
        app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.StartsWith(ResellerDialect.Root, StringComparison.Ordinal))
            .Where(e => e.Metadata.GetMetadata<SliceMetadata>()?.Policy is not { Anyone: false }).ShouldBeEmpty();

    // XML has no types: what a value is is told by the JSON, what it says by the XML.
    private static JsonNode Read(XElement element, JsonNode like)
    {
        switch (like)
        {
            case JsonObject fields:
                element.Elements().Select(e => e.Name.LocalName).ShouldBe(fields.Select(f => f.Key));
                return new JsonObject(element.Elements()
                    .Select(e => KeyValuePair.Create(e.Name.LocalName, (JsonNode?)Read(e, fields[e.Name.LocalName]!))));
            case JsonArray items:
                element.Elements().Count().ShouldBe(items.Count);
                element.Elements().Select(e => e.Name).Distinct().Count().ShouldBeLessThan(2);
                return new JsonArray([.. element.Elements().Zip(items, (e, item) => (JsonNode?)Read(e, item!))]);
            default:
                return like.GetValueKind() is JsonValueKind.String ? JsonValue.Create(element.Value) : JsonNode.Parse(element.Value)!;
        }
    }

    private static Gen<object?> Any(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Gen.Frequency((1, Gen.Constant<object?>(null)), (3, Any(underlying)));
        if (type == typeof(string))
            return Text.Select(x => (object?)x);
        if (type == typeof(int))
            return ArbMap.Default.GeneratorFor<int>().Select(x => (object?)x);
        if (type == typeof(long))
            return ArbMap.Default.GeneratorFor<long>().Select(x => (object?)x);
        if (type == typeof(bool))
            return Gen.Elements(true, false).Select(x => (object?)x);
        if (type == typeof(decimal))
            return Gen.Choose(int.MinValue, int.MaxValue).Select(x => (object?)(x / 10_000m));
        if (type == typeof(DateOnly))
            return Gen.Choose(0, 3_000_000).Select(x => (object?)DateOnly.FromDayNumber(x));
        if (type == typeof(DateTimeOffset))
            return Gen.Choose(0, int.MaxValue).Select(x => (object?)DateTimeOffset.FromUnixTimeMilliseconds(1000L * x + 7));
        if (type.IsEnum)
            return Gen.Elements(Enum.GetValues(type).Cast<object?>().ToArray());
        if (type.IsGenericType && type.IsAssignableTo(typeof(IEnumerable)))
        {
            var item = type.GetGenericArguments()[0];
            return Gen.Choose(0, 3).SelectMany(count => Any(item).ArrayOf(count)).Select(items =>
            {
                var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(item))!;
                foreach (var one in items)
                    list.Add(one);
                return (object?)list;
            });
        }

        var constructor = type.GetConstructors().MaxBy(c => c.GetParameters().Length)!;
        var arguments = All(constructor.GetParameters().Select(p => OrNull(Nullability.Create(p).WriteState, p.ParameterType)));
        var rest = type.GetProperties().Where(p => p.CanWrite && constructor.GetParameters().All(a => a.Name != p.Name)).ToList();
        return arguments.SelectMany(given => All(rest.Select(p => OrNull(Nullability.Create(p).WriteState, p.PropertyType))).Select(more =>
        {
            var made = constructor.Invoke([.. given]);
            foreach (var (property, value) in rest.Zip(more))
                property.SetValue(made, value);
            return (object?)made;
        }));
    }

    private static Gen<List<object?>> All(IEnumerable<Gen<object?>> each) => each.Aggregate(
        Gen.Constant(new List<object?>()), (before, one) => before.SelectMany(list => one.Select(x => (List<object?>)[.. list, x])));

    private static Gen<object?> OrNull(NullabilityState state, Type type) => state is NullabilityState.Nullable && !type.IsValueType
        ? Gen.Frequency((1, Gen.Constant<object?>(null)), (3, Any(type)))
        : Any(type);

    // All that XML can say, and what it must escape to say it; ends of lines and spaces at either end too.
    private static Gen<string> Text { get; } = Gen.Frequency(
            (6, Gen.Choose(0x20, 0x7e)), (2, Gen.Elements('<', '&', '>', '"', '\'', ']', '\t', '\r', '\n', ' ').Select(c => (int)c)),
            (2, Gen.Choose(0xa0, 0xd7ff)), (1, Gen.Choose(0xe000, 0xfffd)), (1, Gen.Choose(0x10000, 0x10ffff)))
        .ListOf().Select(points => string.Concat(points.Select(char.ConvertFromUtf32)));

    [Fact]
    public void A_character_that_xml_cannot_say_is_marked_and_stops_nothing() =>
        XmlText.Storable("a\u0001b\uFFFEc\U0001F600\uD800").ShouldBe(string.Create(CultureInfo.InvariantCulture, $"a\uFFFDb\uFFFDc\U0001F600\uFFFD"));
}
