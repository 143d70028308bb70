using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;
using Licensing.Provisioning.CustomerArea;
using Licensing.Provisioning.Signed;
using Licensing.Provisioning.Tests.CustomerArea;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Malformed;

/// <summary>
/// Every way a body can be wrong, at every endpoint of the signed door and of the customer area, over a real connection: the door's own 4xx that
/// names the field, and nothing stored.
/// </summary>
public sealed class MalformedBodyTests(MalformedBodyTests.LiveApp app) : IClassFixture<MalformedBodyTests.LiveApp>
{
    // Each token is used up by its one request, whatever is wrong with that.
    private const string UsedTokens = "provisioning.used_tokens";

    public sealed class LiveApp : SellingApp
    {
        // The server's own limits count too.
        protected override bool IsLive => true;

        protected override void Configure(WebApplicationBuilder builder)
        {
            base.Configure(builder);
            builder.Configuration["Limits:Burst"] = "100000000";
        }
    }

    /// <summary>A database that is cloned from one template with those of hosts whose clock stands in January must not hold a key of later.</summary>
    [Fact]
    public async Task What_all_hosts_are_cloned_from_is_not_of_the_machines_time() =>
        (await app.RowsAsync("select signs_from::text from identity.signing_keys")).ShouldBe(["2026-01-15 09:00:00+00"]);

    public static TheoryData<string> Endpoints => [.. DoorTemplates.All.Select(t => t.Endpoint)];

    [Fact]
    public void Every_endpoint_of_both_doors_has_a_template()
    {
        var dialects = app.Services.GetRequiredService<Dialects>();

        var mapped = app.Services.GetRequiredService<IEnumerable<EndpointDataSource>>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<SliceMetadata>() is not null
                && dialects.Of("/" + e.RoutePattern.RawText!.TrimStart('/')) is SignedDialect or CustomerAreaDialect)
            .SelectMany(e => e.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods,
                (e, method) => $"{method} /{e.RoutePattern.RawText!.TrimStart('/')}");

        DoorTemplates.All.Where(t => !t.IsFirstGeneration).Select(t => t.Endpoint).Order(StringComparer.Ordinal)
            .ShouldBe(mapped.Distinct().Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task What_is_wrong_is_refused_by_its_name_and_nothing_is_stored(string endpoint)
    {
        var template = DoorTemplates.All.Single(t => t.Endpoint == endpoint);
        var branch = await app.BranchAsync();
        using var caller = await SignedCaller.EnrolAsync(
            branch, profile: template.IsFirstGeneration ? "v1" : "v2", keyId: template.IsFirstGeneration ? $"key-{branch.Tenant.Code}" : null);
        var bodies = new MalformedBodies(template, await WordsAsync(branch));
        using var sender = template.IsSigned ? app.Anonymous() : branch.Partner();
        await app.DrainAsync();
        var before = await app.StoredAsync(UsedTokens);

        var taken = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(bodies.All(), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Ct }, async (body, ct) =>
        {
            using var answer = await SendAsync(template, caller, sender, body);
            var said = await answer.Content.ReadAsStringAsync(ct);
            if (Fault(template, body, answer, said) is { } fault)
                taken.Enqueue($"{body.What} ({body.Type}): {fault}: {(int)answer.StatusCode} {(said.Length > 300 ? said[..300] : said)}");
        });

        taken.ShouldBeEmpty();
        (await app.StoredAsync(UsedTokens)).ShouldBe(before);
        await TakesWhatIsGoodAsync(template, branch, caller, sender, bodies);
    }

    [Fact]
    public async Task The_templates_have_every_parameter_of_the_customer_area()
    {
        var branch = await app.BranchAsync();
        using var partner = branch.Partner();
        foreach (var template in DoorTemplates.All.Where(t => !t.IsSigned))
        {
            var refused = await partner.RefusedAreaAsync(template.Method, template.Path["/customerarea/".Length..], new { nothing = 1 });
            refused.Split("known are ")[1].Split('.')[0].Split(", ").Order().ShouldBe(template.Fields.Select(f => f.Name).Order(), template.Endpoint);
        }
    }

    [Fact]
    public async Task The_templates_have_every_field_of_the_signed_door()
    {
        using var anyone = app.Anonymous();
        var reference = JsonNode.Parse(await anyone.GetStringAsync("/swagger/v1/swagger.json", Ct))!;
        foreach (var template in DoorTemplates.All.Where(t => t.IsSigned && !t.IsFirstGeneration))
        {
            var body = reference["paths"]![template.Path]![template.Method.ToLowerInvariant()]!["requestBody"]!["content"]!["application/json"]![
                "schema"]!;
            FieldsOf(reference, body, "").Order(StringComparer.Ordinal)
                .ShouldBe(template.Fields.Select(f => f.Name).Order(StringComparer.Ordinal), template.Endpoint);
        }
    }

    // The same requests with nothing wrong about them, or the test would prove nothing.
    private static async Task TakesWhatIsGoodAsync(
        DoorTemplate template, Branch branch, SignedCaller caller, HttpClient sender, MalformedBodies bodies)
    {
        if (template is { IsSigned: true, Method: "DELETE" })
            (await caller.SendAsync(SignedBody(branch))).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var answer = await SendAsync(template, caller, sender, new MalformedBody("good", Encoding.UTF8.GetBytes(bodies.Good)));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Ct));
        if (template.IsSigned)
            return;
        using var form = await SendAsync(template, caller, sender,
            new MalformedBody("good", Encoding.UTF8.GetBytes(bodies.GoodForm)) { Type = "application/x-www-form-urlencoded" });
        // What is done is not done twice.
        form.StatusCode.ShouldBeOneOf([HttpStatusCode.OK, HttpStatusCode.Conflict]);
    }

    private static string SignedBody(Branch branch) => Signed.SignedCalls.Body(branch, ",\"essentialSeats\":5");

    private static async Task<Dictionary<string, string>> WordsAsync(Branch branch)
    {
        var edition = await branch.EditionAsync();
        await branch.TopUpAsync("50.00");
        using var partner = branch.Partner();
        var (first, second, third) = (await partner.AssignAsync(branch, edition), await partner.AssignAsync(branch, edition),
            await partner.AssignAsync(branch, edition));
        await partner.AreaAsync("POST", "licenses/activate", new { license_id = third.LicenseId(), customer_code = branch.Tenant.Code });
        // The password set is that of the customer's own administrator.
        var opened = await partner.AreaAsync("POST", "customers/new", new
        {
            email = $"first-{branch.Tenant.Code}@example.com",
            password = "maple-7-river",
            customer_name = "First",
            country_code = "IT",
            industry_code = "family",
        });
        return new Dictionary<string, string>
        {
            ["reseller"] = branch.Partner.ExternalId,
            ["tenant"] = branch.Tenant.ExternalId,
            ["edition"] = edition,
            ["toActivate"] = $"{first.LicenseId()}",
            ["toCancel"] = $"{second.LicenseId()}",
            ["active"] = $"{third.LicenseId()}",
            ["customer"] = branch.Tenant.Code.ToString(CultureInfo.InvariantCulture),
            ["opened"] = opened.GetProperty("content").GetProperty("customer_code").GetRawText(),
        };
    }

    private static async Task<HttpResponseMessage> SendAsync(DoorTemplate template, SignedCaller caller, HttpClient sender, MalformedBody body)
    {
        var request = new HttpRequestMessage(new HttpMethod(template.Method), template.Path) { Content = new ByteArrayContent(body.Body) };
        if (body.Type is { } type)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (body.Encoding is { } encoding)
            request.Content.Headers.ContentEncoding.Add(encoding);
        // So that the answer does not cross with what is still being sent.
        request.Headers.ExpectContinue = body.Body.Length > 60_000;
        // What is signed are the bytes as they go out.
        if (template.IsSigned)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", caller.Token(body.Body));
        return await sender.SendAsync(request, Ct);
    }

    private static string? Fault(DoorTemplate template, MalformedBody body, HttpResponseMessage answer, string said)
    {
        var status = (int)answer.StatusCode;
        if (status is < 400 or >= 500)
            return "taken";
        if (answer.Content.Headers.ContentType?.MediaType != "application/json" || JsonNode.Parse(said) is not JsonObject envelope)
            return "no envelope";
        if (said.Contains("System.", StringComparison.Ordinal) || said.Contains("Licensing.", StringComparison.Ordinal))
            return "tells what it is made of";
        return template.IsSigned ? SignedFault(body, status, envelope) : AreaFault(body, status, envelope);
    }

    private static string? SignedFault(MalformedBody body, int status, JsonObject envelope)
    {
        if (status != (int)(body.Status ?? HttpStatusCode.BadRequest))
            return "another status";
        if (string.Join(',', envelope.Select(e => e.Key)) != "code,message" || (string?)envelope["code"] != "VALIDATION_ERROR")
            return "another envelope";
        return body.Field is { } field && !((string)envelope["message"]!).Contains(field, StringComparison.Ordinal) ? "not named" : null;
    }

    private static string? AreaFault(MalformedBody body, int status, JsonObject envelope)
    {
        // Cursors are the one thing that 400 is said of by name.
        var named = body.Field is null
            || (envelope["errors"]?[body.Field] is JsonArray { Count: > 0 }
            || (status == 400 && ((string)envelope["message"]!).StartsWith(body.Field, StringComparison.Ordinal)));
        if (status != (int)(body.Status ?? HttpStatusCode.UnprocessableEntity) && !(status == 400 && body is { Field: "after", Status: null }))
            return "another status";
        if (string.Join(',', envelope.Select(e => e.Key)) is not ("code,message" or "code,message,errors") || (int)envelope["code"]! != status)
            return "another envelope";
        return named ? null : "not named";
    }

    private static IEnumerable<string> FieldsOf(JsonNode reference, JsonNode schema, string prefix)
    {
        schema = schema["oneOf"] is JsonArray choices ? choices.First(c => (string?)c!["type"] != "null")! : schema;
        if ((string?)schema["$ref"] is { } name)
            schema = reference["components"]!["schemas"]![name.Split('/')[^1]]!;
        return (schema["properties"]?.AsObject() ?? []).SelectMany(p => FieldsOf(reference, p.Value!, $"{prefix}{p.Key}.").Prepend(prefix + p.Key));
    }
}
