using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Scenarios.Tests.Authorization;
using Microsoft.AspNetCore.WebUtilities;

namespace Licensing.Scenarios.Tests.Fields;

/// <summary>
/// No body takes a field that is not its own: every name that some body or answer has is put into every object of every body, and every
/// column's into the body itself, one at a time. It is refused by its name and nothing is stored.
/// </summary>
[Collection(Walked.Name)]
public sealed class UnknownFieldTests(WalkedBranches world)
{
    // A token is used up by what it brings, also when that is refused.
    private const string UsedTokens = "provisioning.used_tokens";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> WithBody =>
        [.. Expectation.All.Where(e => e.Method == "GET" ? e.OfCustomerArea : e.BodyOf(Ids.Unknown())?[0] == '{').Select(e => e.Key)];

    public static TheoryData<string> OfTheFirstGeneration =>
        [.. Expectation.All.Where(e => e.OfCertificates && e.Pattern.StartsWith("/v1/", StringComparison.Ordinal)).Select(e => e.Key)];

    [Fact]
    public void Every_endpoint_that_takes_a_body_is_swept() =>
        Expectation.All.Where(e => world.Document.BodySchema(e) is not null).Select(e => e.Key).Order(StringComparer.Ordinal)
            .ShouldBe(WithBody.Select(row => row.Data).Order(StringComparer.Ordinal));

    [Fact]
    public async Task What_is_sent_are_names_of_everything()
    {
        var names = await NamesAsync();

        foreach (var name in new[] { "id", "path", "ownerPath", "status", "state", "createdAt", "version", "organizationId", "role", "passwordHash",
            "email", "code", "permissions" })
            names.ShouldContain(name);
        names.Count.ShouldBeGreaterThan(300);
    }

    [Theory, MemberData(nameof(WithBody))]
    public async Task A_field_that_is_not_its_own_is_refused_by_name_and_nothing_is_stored(string endpoint)
    {
        var expected = Expectation.All.Single(e => e.Key == endpoint);
        var body = world.Document.Body(expected, world.Near);
        if (expected.OfCertificates)
            (body["ccId"]!["resellerId"], body["ccId"]!["tenantId"]) = (world.Branch.Partner.ExternalId, world.Branch.Tenant.ExternalId);
        using SweptDoor door = expected.OfCertificates ? new SweptDoor.Signed(world, await SignedCaller.EnrolAsync(world.Branch), first: false)
            : expected.OfCustomerArea ? new SweptDoor.CustomerArea(world)
            : expected.OfReseller ? new SweptDoor.Reseller(world)
            : new SweptDoor.Channel(world, expected);
        await SweepAsync(expected, door, body, Swept(expected, body));
    }

    // Their bodies name the customer by a serial, and may order what the later ones may not. What is inside is read as of those.
    [Theory, MemberData(nameof(OfTheFirstGeneration))]
    public async Task No_body_of_the_first_generation_of_signed_clients_takes_a_field_that_is_not_its_own(string endpoint)
    {
        var expected = Expectation.All.Single(e => e.Key == endpoint);
        var body = world.Document.Example(expected);
        body.Remove("ccId");
        body["serial"] = world.Branch.Tenant.ExternalId;
        if (expected.Method == "POST")
            body["additionalAiMessages"] = 1;
        using var door = new SweptDoor.Signed(
            world, await SignedCaller.EnrolAsync(world.Branch, profile: "v1", keyId: $"K{SignedCaller.NewJti()}"), first: true);
        await SweepAsync(expected, door, body, [new Part("", body, "", body.Select(p => p.Key).ToHashSet())]);
    }

    [Fact]
    public async Task No_query_takes_a_name_that_is_not_its_own()
    {
        using var caller = await SignedCaller.EnrolAsync(world.Branch);
        var taken = new List<string>();
        foreach (var endpoint in Expectation.All)
        {
            using var request = endpoint.To(world.Near);
            request.RequestUri = new Uri(QueryHelpers.AddQueryString($"{request.RequestUri}", "ownerPath", "1."), UriKind.Relative);
            if (endpoint.OfCertificates)
                request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {caller.Token(await request.Content!.ReadAsByteArrayAsync(Ct))}");
            using var client = endpoint.Anyone || endpoint.OfCertificates ? world.App.Anonymous() : world.Near.As(Roles.All.First(endpoint.Allows));
            using var answer = await client.SendAsync(request, Ct);
            var said = await answer.Content.ReadAsStringAsync(Ct);
            // Where parameters may stand in the body as well, it is the fault there that it would be in the body.
            var refused = endpoint.Key.Contains("/customerarea/", StringComparison.Ordinal)
                ? HttpStatusCode.UnprocessableEntity
                : HttpStatusCode.BadRequest;
            if (answer.StatusCode != refused || !said.Contains("Unknown query parameter ownerPath", StringComparison.Ordinal))
                taken.Add($"{endpoint.Key}: {(int)answer.StatusCode} {said}");
        }

        taken.ShouldBeEmpty();
    }

    private async Task SweepAsync(Expectation endpoint, SweptDoor door, JsonObject body, IReadOnlyList<Part> parts)
    {
        var names = await NamesAsync();
        var before = await world.App.StoredAsync(UsedTokens);

        var taken = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(
            Bodies(door, body, parts, names), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Ct }, async (sent, ct) =>
        {
            foreach (var request in door.Requests(endpoint, sent.Text))
                using (request)
                using (var answer = await door.Client.SendAsync(request, ct))
                {
                    var said = await answer.Content.ReadAsStringAsync(ct);
                    if ((int)answer.StatusCode < 400 || !door.Refuses(answer.StatusCode, JsonNode.Parse(said)!, sent.Pointer, sent.Name))
                        taken.Enqueue($"{sent.Pointer}/{sent.Name}: {(int)answer.StatusCode} {said}");
                }
        });

        taken.Take(20).ShouldBeEmpty();
        (await world.App.StoredAsync(UsedTokens)).ShouldBe(before);
    }

    // What several bodies have inside is read by the same code, and swept in the first of them.
    private List<Part> Swept(Expectation endpoint, JsonObject body)
    {
        var before = Expectation.All.TakeWhile(e => e != endpoint)
            .Where(e => world.Document.BodySchema(e) is not null && !SweptDoor.Channel.ReadByHand.Contains(e.Key))
            .SelectMany(e => world.Document.Objects(world.Document.BodySchema(e)!, world.Document.Body(e, world.Near))).Select(o => o.Form)
                .ToHashSet();
        return [.. world.Document.Objects(world.Document.BodySchema(endpoint)!, body).Where(o => o.Pointer.Length == 0 || before.Add(o.Form))];
    }

    // Its own fields in another case are no fields of its own either. Columns are of what a whole body makes, not of its parts.
    private IEnumerable<(string Pointer, string Name, string Text)> Bodies(
        SweptDoor door, JsonObject body, IReadOnlyList<Part> parts, IReadOnlyList<string> names)
    {
        foreach (var (pointer, at, _, documented) in parts)
            foreach (var name in (pointer.Length == 0 ? names : world.Document.FieldNames).Select(door.Spelt)
                .Concat(documented.SelectMany(d => (string[])[char.ToUpperInvariant(d[0]) + d[1..], CamelCase(d)])).Distinct()
                    .Where(n => !documented.Contains(n)))
            {
                at[name] = "x";
                yield return (pointer, name, body.ToJsonString());
                at.Remove(name);
            }
    }

    private async Task<IReadOnlyList<string>> NamesAsync()
    {
        var columns = await world.App.RowsAsync(
            "select distinct column_name from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema')");
        return [.. columns.Select(CamelCase).Concat(world.Document.FieldNames).Distinct().Order(StringComparer.Ordinal)];
    }

    private static string CamelCase(string column) =>
        string.Concat(column.Split('_').Select((word, i) => i == 0 ? word : CultureInfo.InvariantCulture.TextInfo.ToTitleCase(word)));
}
