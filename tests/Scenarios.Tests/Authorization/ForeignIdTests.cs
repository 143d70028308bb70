using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Scenarios.Tests.Fields;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Scenarios.Tests.Authorization;

/// <summary>
/// The id of something that the caller cannot see, against an id that nothing has, at every place of every request where an id can stand:
/// one answer, and for whoever holds a watch the same statements and as many hashes.
/// </summary>
[Collection(Walked.Name)]
public sealed partial class ForeignIdTests(WalkedBranches world) : IDisposable
{
    // Answered part by part, with 200.
    private static readonly string[] PartByPart =
        [
            "POST /api/v1/usage", "POST /api/v1/usage/batch", "POST /api/v1/tenants/batch", "POST /api/v1/subscriptions/batch",
            "POST /api/v1/credit/debits/batch",
        ];

    private static readonly string[] Shared = ["plan", "product", "meter", "pricelist", "edition", "coupon", "run"];

    private readonly StatementLog _log = new();

    /// <summary>A place for an id in a request.</summary>
    /// <param name="What">The thing that is named, and where.</param>
    /// <param name="Kind">As in <see cref="Ids.Names"/>.</param>
    /// <param name="Existing">What the near branch's one goes by.</param>
    /// <param name="Naming">The request of a caller whose own things are these, with this in the place.</param>
    private sealed record Place(string What, string Kind, string Existing, Func<Ids, string, HttpRequestMessage> Naming);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Endpoints => [.. Expectation.All.Where(e => !e.Anyone).Select(e => e.Key)];

    [Fact]
    public async Task Every_id_of_the_reference_has_its_place()
    {
        var places = new List<string>();
        foreach (var endpoint in Expectation.All.Where(e => !e.Anyone))
            places.AddRange((await PlacesAsync(endpoint)).Select(p => $"{endpoint.Key} {p.What}"));

        foreach (var place in new[]
        {
            "GET /api/v1/users/{id:guid} $user", "PATCH /api/v1/tenants/{id:guid} $tenant",
            "DELETE /api/v1/clients/{id:guid}/secrets/{secretId:guid} $secretId",
            "POST /api/v1/subscriptions $tenant", "PUT /api/v1/roles/assignments $user", "POST /api/v1/auth/login-links /organizationId of a partner",
            "GET /api/v1/invoices ?partnerId of a partner", "GET /api/v1/tenants ?code of a tenant",
            "POST /api/v1/usage /records/0/tenantExternalId of a tenant",
        })
            places.ShouldContain(place);
        places.Count.ShouldBeGreaterThan(150);
    }

    [Theory, MemberData(nameof(Endpoints))]
    public async Task What_exists_elsewhere_cannot_be_told_from_what_does_not_exist(string endpoint)
    {
        var expected = Expectation.All.Single(e => e.Key == endpoint);
        foreach (var place in await PlacesAsync(expected))
        {
            var warm = false;
            foreach (var (caller, own) in Callers(expected, place))
                foreach (var version in TakesIfMatch(expected) ? (string?[])[null, "\"999\""] : [null])
                {
                    async Task<(string Answer, string Work)> SendAsync(string id)
                    {
                        using var client = own.As(caller);
                        using var request = place.Naming(own, id);
                        if (version is not null)
                            request.Headers.TryAddWithoutValidation("If-Match", version);
                        return await ToldAsync(client, request, id);
                    }

                    // What any first request finds out and keeps does not count.
                    if (!warm)
                        await SendAsync(Unknown(place));
                    warm = true;
                    var there = await SendAsync(place.Existing);
                    var nowhere = await SendAsync(Unknown(place));

                    var told = $"{endpoint} with {place.What} as {caller} of the {(own == world.Far ? "far" : "near")} branch"
                        + (version is null ? "" : " with If-Match");
                    there.Answer.ShouldBe(nowhere.Answer, told);
                    there.Work.ShouldBe(nowhere.Work, told);
                    if (expected.Method != "GET" && !PartByPart.Contains(endpoint))
                        there.Answer.ShouldStartWith("4", Case.Sensitive, told);
                }
        }
    }

    // From a sibling branch every role that may ask at all; from the branch itself those who stand below the thing.
    private IEnumerable<(string Role, Ids Own)> Callers(Expectation endpoint, Place place)
    {
        var roles = Roles.All.Where(r => endpoint.Allows(r) && Ids.LevelOf(r) is not OrganizationKind.Platform).ToList();
        var below = place.What[0] == '?' ? [] : roles.Where(r => !world.Reaches(r, place.Kind));
        return roles.Select(r => (r, world.Far)).Concat(below.Select(r => (r, world.Near)));
    }

    private async Task<(string Answer, string Work)> ToldAsync(HttpClient client, HttpRequestMessage request, string id)
    {
        var hashes = ((WalkedApp)world.App).Hashes;
        var (answer, statements) = await _log.SendAsync(client, request);
        using (answer)
        {
            var headers = answer.Headers.Concat(answer.Content.Headers).Where(h => h.Key is not "RateLimit")
                .OrderBy(h => h.Key, StringComparer.Ordinal).Select(h => $"{h.Key}: {string.Join(", ", h.Value)}");
            var text = $"{(int)answer.StatusCode}\n{string.Join('\n', headers)}\n\n{await answer.Content.ReadAsStringAsync(Ct)}";
            // A short number could be a part of anything.
            var said = int.TryParse(id, out _) ? id.Length < 6 ? text : Regex.Replace(text, $@"\b{id}\b", "$$id")
                : text.Replace(Uri.EscapeDataString(id), "$id", StringComparison.OrdinalIgnoreCase)
                    .Replace(id, "$id", StringComparison.OrdinalIgnoreCase);
            return (
                Trace().Replace(said, "-"),
                $"{((WalkedApp)world.App).Hashes - hashes} hashes, {statements.Count} statements:\n{string.Join("\n--\n", statements)}");
        }
    }

    private async Task<List<Place>> PlacesAsync(Expectation endpoint)
    {
        var places = new List<Place>();
        var template = $"{endpoint.PathTemplate}{endpoint.Body}";
        foreach (var kind in Ids.Names.Where(n => !Shared.Contains(n) && Regex.IsMatch(template, $@"\${n}\b")))
            places.Add(new Place($"${kind}", kind, world.Near.All[kind], (own, id) => endpoint.To(own.With(kind, id))));

        foreach (var parameter in world.Document.Parameters(endpoint).Where(p => (string?)p["in"] == "query"))
        {
            var name = (string)parameter["name"]!;
            if (!endpoint.Body.Contains($"?{name}=", StringComparison.Ordinal))
                foreach (var (kind, existing) in await ExistingAsync(name, IsId(parameter["schema"]!), endpoint))
                    places.Add(new Place($"?{name} of a {kind}", kind, existing, (own, id) =>
                    {
                        var request = endpoint.To(own);
                        request.RequestUri = new Uri(
                            $"{request.RequestUri}{(request.RequestUri!.ToString().Contains('?') ? '&' : '?')}{name}={Uri.EscapeDataString(id)}",
                            UriKind.Relative);
                        return request;
                    }));
        }

        if (world.Document.BodySchema(endpoint) is not { } schema || endpoint.BodyOf(world.Far) is not { } text)
            return places;
        foreach (var (pointer, at, _, documented) in world.Document.Objects(schema, JsonNode.Parse(text)))
            foreach (var name in documented.Where(n => at[n] is null))
                foreach (var (kind, existing) in await ExistingAsync(name, IsId(world.Document.Property(schema, $"{pointer}/{name}")), endpoint))
                    places.Add(new Place($"{pointer}/{name} of a {kind}", kind, existing, (own, id) =>
                    {
                        var (request, body) = (endpoint.To(own), JsonNode.Parse(endpoint.BodyOf(own)!)!);
                        world.Document.Objects(schema, body).Single(o => o.Pointer == pointer).Object[name] = id;
                        request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
                        return request;
                    }));
        return places;
    }

    private bool IsId(JsonNode schema) => (string?)world.Document.Resolve(schema).Schema["format"] == "uuid";

    /// <summary>What of the near branch a field or parameter of this name can name; a new one must be added here.</summary>
    private async Task<IEnumerable<(string Kind, string Existing)>> ExistingAsync(string name, bool isId, Expectation endpoint)
    {
        var near = world.Near.All;
        string[] kinds = (name, isId) switch
        {
            ("organizationId" or "parentId", true) => ["distributor", "partner", "tenant"],
            ("tenantId" or "partnerId" or "distributorId" or "userId" or "subscriptionId", true) => [name[..^2]],
            ("principalId", true) or ("resourceId", _) when endpoint.Pattern == "/api/v1/audit" => ["user"],
            // Of the catalogue, which all may see.
            ("planId", true) => [],
            (_, true) => throw new NotSupportedException($"What can {name} of {endpoint.Key} name?"),
            _ => [],
        };
        if (kinds.Length > 0)
            return kinds.Select(k => (k, near[k]));
        var level = endpoint.Pattern.Split('/')[^1].TrimEnd('s');
        return (name, level) switch
        {
            ("externalId", "distributor" or "partner" or "tenant") =>
                [(level, await TextAsync("select external_id from identity.organizations where id = $1", near[level]))],
            ("code", "distributor" or "partner" or "tenant") =>
                [(level, await TextAsync("select code::text from identity.organizations where id = $1", near[level]))],
            ("tenantExternalId", _) => [("tenant", await TextAsync("select external_id from identity.organizations where id = $1", near["tenant"]))],
            ("email", "user") when endpoint.Method == "GET" =>
                [("user", await TextAsync("select email from identity.users where id = $1", near["user"]))],
            ("prefix", _) => [("apikey", await TextAsync("select prefix from identity.api_keys where id = $1", near["apikey"]))],
            ("fingerprint", _) =>
                [("certificate", await TextAsync("select fingerprint from identity.certificates where id = $1", near["certificate"]))],
            _ => [],
        };
    }

    // Of the form of what exists, so that both are looked for.
    private static string Unknown(Place place) =>
        Guid.TryParse(place.Existing, out _) ? Id.NewGuid(DateTimeOffset.UnixEpoch).ToString()
        : int.TryParse(place.Existing, out _) ? "999983"
        : string.Concat(place.Existing.Split('@')[0].Reverse()) + place.Existing[place.Existing.Split('@')[0].Length..];

    private Task<string> TextAsync(string sql, string id) => world.App.InAsync<NpgsqlDataSource, string>(async database =>
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = Guid.Parse(id) });
        return (string)(await command.ExecuteScalarAsync(Ct))!;
    });

    private bool TakesIfMatch(Expectation expected) => expected.Method is "PATCH" or "DELETE"
        || (expected.Method != "GET" && world.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Single(r => r.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods.Contains(expected.Method) == true
                && r.RoutePattern.RawText!.TrimEnd('/') == expected.Pattern)
            .Metadata.GetMetadata<TakesIfMatch>() is not null);

    public void Dispose() => _log.Dispose();

    [GeneratedRegex("(?<=\"traceId\":\")[^\"]*|(?<=\"requestId\":\")[^\"]*")]
    private static partial Regex Trace();
}
