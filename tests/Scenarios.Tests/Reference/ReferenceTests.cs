using System.Net;
using System.Text.Json.Nodes;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Licensing.Scenarios.Reference;

public sealed class ReferenceTests(ReferenceApp app) : IClassFixture<ReferenceApp>
{
    [Fact]
    public void Every_slice_is_in_the_document_complete()
    {
        var missing = new List<string>();
        foreach (var endpoint in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            if (endpoint.Metadata.GetMetadata<SliceMetadata>() is not { } slice)
                continue;
            var name = endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName;
            var operation = Operations().SingleOrDefault(o => (string?)o["operationId"] == name);
            if (operation is null)
            {
                missing.Add($"{endpoint.RoutePattern.RawText}: not in the document, or its operationId is not unique");
                continue;
            }

            void Expect(bool holds, string what)
            {
                if (!holds)
                    missing.Add($"{name}: {what}");
            }

            Expect(!string.IsNullOrWhiteSpace((string?)operation["summary"]), "no summary");
            Expect(operation["tags"]?.AsArray().Count == 1, "not one tag");
            Expect(slice.Policy.Anyone == (operation["security"] is null or JsonArray { Count: 0 }), "wrong security");
            Expect(slice.Policy.Permission is not { } permission || ((string)operation["description"]!).Contains(permission), "permission not told");
            foreach (var status in new[] { "400", "429", "503" }.Concat(slice.Policy.Anyone ? [] : ["401"])
                .Concat(slice.Policy.Permission is null ? [] : [Forbidden(endpoint)]))
                Expect(operation["responses"]?[status] is not null, $"no {status}");
            foreach (var (mediaType, content) in Contents(operation))
                Expect(
                    content["example"] is not null || content["examples"] is not null || HasNoFields(content["schema"]),
                    $"no example of {mediaType}");
        }

        missing.ShouldBeEmpty();
    }

    // Its example would be an empty object, which is not written.
    private bool HasNoFields(JsonNode? schema) =>
        (string?)schema?["$ref"] is { } reference && Resolve(reference) is JsonObject { } own && own["properties"] is null or JsonObject { Count: 0 };

    // What a door answers to who may not; the signed one has no 403.
    private string Forbidden(RouteEndpoint endpoint) =>
        $"{app.Services.GetRequiredService<Dialects>().Of("/" + endpoint.RoutePattern.RawText!.TrimStart('/')).StatusOf(RefusalKind.Forbidden)}";

    [Fact]
    public async Task The_document_is_valid_OpenAPI_3_1_and_no_reference_dangles()
    {
        using var client = app.Anonymous();
        var result = await OpenApiDocument.LoadAsync(
            new MemoryStream(await client.GetByteArrayAsync("/swagger.json", Ct)), "json", cancellationToken: Ct);
        result.Diagnostic!.SpecificationVersion.ShouldBe(OpenApiSpecVersion.OpenApi3_1);
        result.Diagnostic.Errors.Select(e => $"{e.Pointer} {e.Message}").ShouldBeEmpty();
        result.Diagnostic.Warnings.Select(e => $"{e.Pointer} {e.Message}").ShouldBeEmpty();

        References(app.Document).Where(r => Resolve(r) is null).ShouldBeEmpty();
    }

    [Fact]
    public void Values_are_described_as_they_travel()
    {
        var view = app.Schema(nameof(SampleView))["properties"]!;
        Text(view["id"]).ShouldBe("""{"type":"string","format":"uuid"}""");
        Text(view["name"]).ShouldBe("""{"type":"string"}""");
        Text(view["note"]!["type"]).ShouldBe("""["null","string"]""");
        Text(view["kind"]).ShouldBe("""{"enum":["Small","Large"],"type":"string"}""");
        Text(view["former"]!["enum"]).ShouldBe("""["Small","Large",null]""");
        Text(view["price"]).ShouldBe("""{"$ref":"#/components/schemas/Money"}""");
        Text(view["discount"]).ShouldBe("""{"oneOf":[{"$ref":"#/components/schemas/Money"},{"type":"null"}]}""");
        Text(view["term"]).ShouldBe("""{"$ref":"#/components/schemas/Period"}""");
        ((string)view["rate"]!["pattern"]!).ShouldBe(@"^-?[0-9]{1,20}(\.[0-9]{1,18})?$");
        Text(view["startsOn"]).ShouldBe("""{"type":"string","format":"date"}""");
        Text(view["createdAt"]).ShouldBe("""{"type":"string","format":"date-time"}""");
        Text(view["parts"]).ShouldBe("""{"type":"array","items":{"$ref":"#/components/schemas/SamplePart"}}""");
        ((string)view["seats"]!["additionalProperties"]!["type"]!).ShouldBe("string");
        view.AsObject().ContainsKey("version").ShouldBeFalse();

        var money = app.Schema("Money");
        Text(money["required"]).ShouldBe("""["amount","currency"]""");
        ((string)money["properties"]!["amount"]!["type"]!).ShouldBe("string");
        ((bool)money["additionalProperties"]!).ShouldBeFalse();

        ((string)app.Schema(nameof(SamplePart))["description"]!).ShouldBe("A part of a sample.");
        ((string)app.Schema(nameof(SamplePart))["properties"]!["quantity"]!["description"]!).ShouldBe("How much of it.");
    }

    [Fact]
    public void Requests_say_what_they_need_and_take_nothing_else()
    {
        var create = app.Schema("CreateSampleCommand");
        Text(create["required"]).ShouldBe("""["name","kind","price","part"]""");
        ((bool)create["additionalProperties"]!).ShouldBeFalse();
        Text(app.Schema(nameof(SamplePart))["required"]).ShouldBe("""["quantity"]""");
        ((bool)app.Schema(nameof(SamplePart))["additionalProperties"]!).ShouldBeFalse();
        Text(app.Schema(nameof(SampleView))["required"]).ShouldContain("\"note\"");

        var change = app.Schema("ChangeSampleBody");
        change["required"].ShouldBeNull();
        Text(change["properties"]!["name"]).ShouldBe("""{"type":"string"}""");
        Text(change["properties"]!["note"]!["type"]).ShouldBe("""["null","string"]""");
        Text(change["properties"]!["rate"]!["type"]).ShouldBe("""["null","string"]""");
        Text(change["properties"]!["part"]).ShouldBe("""{"$ref":"#/components/schemas/SamplePart"}""");
    }

    [Fact]
    public void Each_kind_of_operation_has_the_answers_it_can_give()
    {
        Statuses(nameof(CreateSample)).ShouldBe(["201", "400", "401", "403", "404", "409", "413", "415", "422", "429", "503"]);
        Statuses(nameof(ChangeSample)).ShouldBe(["200", "400", "401", "403", "404", "409", "412", "413", "415", "422", "429", "503"]);
        Statuses(nameof(RemoveSample)).ShouldBe(["204", "400", "401", "403", "404", "409", "412", "422", "429", "503"]);
        Statuses(nameof(ListSamples)).ShouldBe(["200", "400", "401", "429", "503"]);
        Statuses(nameof(SampleOfReseller)).ShouldBe(["200", "400", "401", "429", "503"]);
        Text(Operation(nameof(SampleOfReseller))["responses"]!["400"]).ShouldBe("""{"$ref":"#/components/responses/ResellerBadRequest"}""");
        Text(Operation(nameof(SampleOfReseller))["security"]).ShouldBe("""[{"Basic":[]}]""");
        Text(Operation(nameof(ListSamples))["security"]).ShouldBe("""[{"Bearer":[]},{"ApiKey":[]}]""");
    }

    [Fact]
    public void Parameters_of_the_conventions_are_told()
    {
        Parameters(nameof(CreateSample)).ShouldBe(["Idempotency-Key"]);
        Parameters(nameof(ChangeSample)).ShouldBe(["id", "Idempotency-Key", "If-Match"]);
        Parameters(nameof(ListSamples)).ShouldBe(["limit", "after", "period", "kind"]);
        Parameters(nameof(GreetSample)).ShouldBeEmpty();
        Operation(nameof(ChangeSample))["responses"]!["200"]!["headers"]!["ETag"].ShouldNotBeNull();
        Operation(nameof(CreateSample))["responses"]!["201"]!["headers"]!["Location"].ShouldNotBeNull();
    }

    [Fact]
    public void Examples_come_from_the_schema_unless_the_slice_has_its_own()
    {
        Text(Operation(nameof(CreateSample))["requestBody"]!["content"]!["application/json"]!["example"]).ShouldBe(
            """{"name":"Example","kind":"Small","price":{"amount":"12.5","currency":"EUR"},"part":{"quantity":"12.5","inner":null}"""
            + ""","count":1,"note":"note"}""");
        Text(Operation(nameof(ChangeSample))["requestBody"]!["content"]!["application/json"]!["example"]).ShouldBe("""{"name":"Renamed"}""");
    }

    [Theory]
    [InlineData("/swagger/index.html", "Licensing")]
    [InlineData("/scalar", "/swagger")]
    public async Task The_pages_are_served(string path, string contains)
    {
        using var client = app.Anonymous();
        (await client.GetStringAsync(path, Ct)).ShouldContain(contains);
    }

    [Fact]
    public async Task The_page_of_Scalar_loads_nothing_from_elsewhere()
    {
        using var client = app.Anonymous();
        (await client.GetStringAsync("/scalar", Ct)).ShouldNotContain("://");
        using var script = await client.GetAsync("/scalar/standalone.js", Ct);
        if (script.StatusCode is HttpStatusCode.OK)
            script.Content.Headers.ContentType!.MediaType.ShouldBe("text/javascript");
        else
            (await client.GetStringAsync("/scalar", Ct)).ShouldContain("not part of this build");
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Text(JsonNode? node) => node?.ToJsonString(ApiJson.Options) ?? "(missing)";

    private IEnumerable<JsonObject> Operations() => app.Document["paths"]!.AsObject()
        .SelectMany(p => p.Value!.AsObject().Where(m => m.Key is "get" or "post" or "put" or "patch" or "delete").Select(m => m.Value!.AsObject()));

    private JsonObject Operation(string name) => Operations().Single(o => (string?)o["operationId"] == name);

    private IEnumerable<string> Statuses(string name) => Operation(name)["responses"]!.AsObject().Select(r => r.Key).Order(StringComparer.Ordinal);

    private IEnumerable<string> Parameters(string name) => Operation(name)["parameters"]?.AsArray().Select(p => (string)p!["name"]!) ?? [];

    private static IEnumerable<(string MediaType, JsonObject Content)> Contents(JsonObject operation)
    {
        var bodies = operation["responses"]!.AsObject().Where(r => r.Key.StartsWith('2')).Select(r => r.Value?["content"])
            .Append(operation["requestBody"]?["content"]);
        return bodies.OfType<JsonObject>().SelectMany(b => b.Select(c => (c.Key, c.Value!.AsObject())));
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(f => f is { Key: "$ref", Value: JsonValue reference } ? [(string)reference!] : References(f.Value)),
        JsonArray items => items.SelectMany(References),
        _ => [],
    };

    private JsonNode? Resolve(string reference) =>
        reference.Split('/').Skip(1).Aggregate((JsonNode?)app.Document, (at, part) => (at as JsonObject)?[part]);
}
