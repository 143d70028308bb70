using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Scenarios.Tests.Authorization;
using Microsoft.AspNetCore.WebUtilities;

namespace Licensing.Scenarios.Tests.Fields;

/// <summary>What the reference says that the customer area reads and answers is what it does read and answer.</summary>
[Collection(Walked.Name)]
public sealed class CustomerAreaFieldTests(WalkedBranches world)
{
    private const string Nothing = "nothing_of_the_kind";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Endpoints => [.. Expectation.All.Where(e => e.OfCustomerArea).Select(e => e.Key)];

    [Theory, MemberData(nameof(Endpoints))]
    public async Task The_parameters_that_are_read_are_those_that_are_described(string endpoint)
    {
        var expected = Find(endpoint);
        var schema = world.Document.BodySchema(expected)!;
        ((bool)world.Document.Resolve(schema).Schema["additionalProperties"]!).ShouldBeFalse();
        var described = Properties(schema);

        foreach (var errors in await ErrorsAsync(expected, new JsonObject { [Nothing] = "x" }))
        {
            ((string)errors[Nothing]![0]!).Split("known are ")[1].TrimEnd('.').Split(", ").ShouldBe(described.Select(p => p.Key));
            // A family alone has no company, and nobody has said that it is one.
            errors.Where(e => (string?)e.Value![0] == $"{e.Key} is required.").Select(e => e.Key).Except(["company_name"])
                .ShouldBe((world.Document.Resolve(schema).Schema["required"]?.AsArray() ?? []).Select(r => (string)r!), ignoreOrder: true);
        }
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task What_a_parameter_must_be_is_described_and_anything_else_refused_by_its_name(string endpoint)
    {
        var expected = Find(endpoint);
        foreach (var (name, described) in Properties(world.Document.BodySchema(expected)!))
        {
            var all = Wrong(described!).ToList();
            all.ShouldNotBeEmpty($"{name} is described as anything");
            foreach (var wrong in all)
            {
                var body = world.Document.Example(expected);
                body[name] = wrong;
                foreach (var errors in await ErrorsAsync(expected, body))
                    errors.ContainsKey(name).ShouldBeTrue($"{name}={wrong}: {errors.ToJsonString()}");
            }
        }
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task The_references_own_example_is_read_wherever_it_is_sent(string endpoint)
    {
        var expected = Find(endpoint);
        var example = world.Document.Example(expected);
        var pairs = example.Select(p => KeyValuePair.Create(p.Key, p.Value!.ToString())).ToList();
        var parts = new MultipartFormDataContent();
        foreach (var (name, value) in pairs)
            parts.Add(new StringContent(value), name);
        using var client = world.Near.As(Roles.PartnerAdministrator);

        foreach (var content in (HttpContent?[])[JsonContent.Create(example), new FormUrlEncodedContent(pairs), parts,
            expected.Method == "GET" ? null : JsonContent.Create(example)])
        {
            var path = content is null
                ? QueryHelpers.AddQueryString(expected.Pattern, pairs.Select(p => KeyValuePair.Create(p.Key, (string?)p.Value)))
                : expected.Pattern;
            using var request = new HttpRequestMessage(new HttpMethod(expected.Method), path) { Content = content };
            using var answer = await client.SendAsync(request, Ct);
            // Read well, it names what is not there, or is there already.
            ((int)answer.StatusCode).ShouldBeOneOf(200, 404, 409);
        }
    }

    [Fact]
    public async Task Every_answer_is_made_of_what_is_described()
    {
        var branch = await world.App.BranchAsync();
        using var administrator = branch.As(Roles.DistributorAdministrator);
        using var paid = await administrator.PostAsJsonAsync(
            "/api/v1/credit/top-ups",
            new { organizationId = branch.Partner.Id.Value, reference = "payment", amount = new { amount = "12.00", currency = "EUR" } }, Ct);
        paid.IsSuccessStatusCode.ShouldBeTrue(await paid.Content.ReadAsStringAsync(Ct));
        using var client = branch.As(Roles.PartnerAdministrator);
        var customer = branch.Tenant.Code;
        var paidFor = new { customer_code = customer, license_code = "M1", license_info = "Headquarter" };
        var answered = new HashSet<string>();
        async Task<JsonNode> SayAsync(string endpoint, object? parameters, int status = 200, HttpClient? by = null)
        {
            var expected = Find(endpoint);
            using var request = new HttpRequestMessage(
                new HttpMethod(expected.Method), expected.Pattern)
            { Content = parameters is null ? null : JsonContent.Create(parameters) };
            using var answer = await (by ?? client).SendAsync(request, Ct);
            var said = JsonNode.Parse(await answer.Content.ReadAsStringAsync(Ct))!;
            ((int)answer.StatusCode).ShouldBe(status, said.ToJsonString());
            world.Document.Mismatches(said, world.Document.AnswerSchema(expected, status).ShouldNotBeNull($"{endpoint} {status}"))
                .ShouldBeEmpty($"{endpoint}: {said.ToJsonString()}");
            if (status == 200)
                answered.Add(endpoint);
            return said;
        }

        await SayAsync("POST /customerarea/licenses/demo", new { customer_code = customer });
        var license = new
        {
            customer_code = customer,
            license_id = (string)(await SayAsync("POST /customerarea/licenses/bulk", paidFor))["content"]!["license_id"]!
        };
        await SayAsync("POST /customerarea/licenses/activate", license);
        await SayAsync("POST /customerarea/licenses/activate", license, 409);
        var successor = await SayAsync("POST /customerarea/licenses/renew", license);
        await SayAsync("POST /customerarea/licenses/bulk", paidFor, 402);
        await SayAsync("POST /customerarea/licenses/cancel",
            new { customer_code = customer, license_id = (string)successor["content"]!["license_id"]! });
        await SayAsync("POST /customerarea/licenses/cancel", new { customer_code = 2_000_000_000, license.license_id }, 404);
        (await SayAsync("GET /customerarea/licenses", new { customer_code = customer, limit = 1 }))["next"].ShouldNotBeNull();
        (await SayAsync("GET /customerarea/licenses", new { customer_code = customer }))["content"]!.AsArray().Count.ShouldBe(3);
        (await SayAsync("GET /customerarea/licenses/available", new { customer_code = customer }))["content"]!.AsArray().ShouldNotBeEmpty();
        await SayAsync("GET /customerarea/licenses", null, 422);
        (await SayAsync("GET /customerarea/credit", null))["content"]!["movements"]!.AsArray().ShouldNotBeEmpty();
        await SayAsync("GET /customerarea/credit", null, 401, world.App.Anonymous());
        await SayAsync("GET /customerarea/credit", null, 403, branch.As(Roles.TenantUser));
        var opened = await SayAsync("POST /customerarea/customers/new", new
        {
            email = $"opened-{customer}@customer.example",
            password = "maple-7-river",
            customer_name = "Ada",
            country_code = "DE",
            industry_code = "family",
        });
        var another = new { customer_code = (int)opened["content"]!["customer_code"]! };
        await SayAsync("POST /customerarea/customers/password", new { another.customer_code, password = "maple-8-river" });
        await SayAsync("POST /customerarea/customers/password", new { another.customer_code, password = "short" }, 422);
        await SayAsync("GET /customerarea/customers/detail", another);
        await SayAsync("GET /customerarea/customers/detail", new { customer_code = customer });
        (await SayAsync("GET /customerarea/customers", null))["content"]!.AsArray().Count.ShouldBe(2);
        await SayAsync("GET /customerarea/auth/token", another);
        foreach (var directory in (string[])["licenses/versions", "currencies", "countries", "industries"])
            (await SayAsync($"GET /customerarea/directory/{directory}", null))["content"]!.AsArray().ShouldNotBeEmpty();

        answered.Order(StringComparer.Ordinal).ShouldBe(Endpoints.Select(row => row.Data).Order(StringComparer.Ordinal));
    }

    /// <summary>The errors by field of the body in every form in which it can be sent.</summary>
    private async Task<List<JsonObject>> ErrorsAsync(Expectation endpoint, JsonObject body)
    {
        using var door = new SweptDoor.CustomerArea(world);
        var all = new List<JsonObject>();
        foreach (var request in door.Requests(endpoint, body.ToJsonString()))
            using (request)
            using (var answer = await door.Client.SendAsync(request, Ct))
            {
                var said = await answer.Content.ReadAsStringAsync(Ct);
                ((int)answer.StatusCode).ShouldBe(422, $"{body.ToJsonString()}: {said}");
                all.Add(JsonNode.Parse(said)!["errors"]!.AsObject());
            }

        all.Count.ShouldBe(2);
        return all;
    }

    private List<KeyValuePair<string, JsonNode?>> Properties(JsonNode schema) => [.. world.Document.Resolve(schema).Schema["properties"]!.AsObject()];

    private static IEnumerable<string> Wrong(JsonNode described)
    {
        var types = described["type"] is JsonArray several ? several.Select(t => (string)t!).ToList() : [(string)described["type"]!];
        if (types.Contains("integer"))
            foreach (var number in (string[])["x", "-1", "1.5", "99999999999"])
                yield return number;
        if (types.Contains("boolean"))
            yield return "maybe";
        if (described["pattern"] is not null || (string?)described["format"] == "uuid")
            yield return "###";
        if ((int?)described["maxLength"] is { } longest)
            yield return new string('a', longest + 1);
        if ((int?)described["minLength"] is > 1 and var shortest)
            yield return new string('a', shortest - 1);
    }

    private static Expectation Find(string endpoint) => Expectation.All.Single(e => e.Key == endpoint);
}
