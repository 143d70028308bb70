using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Scenarios.Tests.Authorization;

namespace Licensing.Scenarios.Tests.Fields;

/// <summary>
/// No body takes a field that is not its own: every name that some body or answer has is put into every object of every body, and every
/// column's into the body itself, one at a time. It is refused by its name and nothing is stored.
/// </summary>
[Collection(Walked.Name)]
public sealed class UnknownFieldTests(WalkedBranches world)
{
    // Read record by record, so that one bad record does not cost a batch; all or none is asked for here.
    private const string ReadByHand = "POST /api/v1/usage";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // What certificates sign and what the customer area takes is read by hand, and its tests are with those readers.
    public static TheoryData<string> WithBody => [.. Expectation.All.Where(e => e.Method != "GET" && !e.OfCertificates && !e.OfCustomerArea && e.BodyOf(Ids.Unknown())?[0] == '{').Select(e => e.Key)];

    [Fact]
    public void Every_endpoint_that_takes_a_body_is_swept() =>
        Expectation.All.Where(e => !e.OfCertificates && !e.OfCustomerArea && world.Document.BodySchema(e) is not null).Select(e => e.Key).Order(StringComparer.Ordinal)
            .ShouldBe(WithBody.Select(row => row.Data).Order(StringComparer.Ordinal));

    [Fact]
    public async Task What_is_sent_are_names_of_everything()
    {
        var names = await NamesAsync();

        foreach (var name in new[] { "id", "path", "ownerPath", "status", "state", "createdAt", "version", "organizationId", "role", "passwordHash", "email", "code", "permissions" })
            names.ShouldContain(name);
        names.Count.ShouldBeGreaterThan(300);
    }

    [Theory, MemberData(nameof(WithBody))]
    public async Task A_field_that_is_not_its_own_is_refused_by_name_and_nothing_is_stored(string endpoint)
    {
        var expected = Expectation.All.Single(e => e.Key == endpoint);
        var body = world.Document.Body(expected, world.Near);
        var objects = Swept(expected, body);
        var names = await NamesAsync();
        var before = await world.App.StoredAsync();
        using var client = expected.Anyone ? world.App.Anonymous() : world.Near.As(Roles.PlatformAdministrator);

        var taken = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(Bodies(body, objects, names), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Ct }, async (sent, ct) =>
        {
            using var request = expected.To(world.Near);
            if (endpoint == ReadByHand)
                request.RequestUri = new Uri($"{request.RequestUri}?atomic=true", UriKind.Relative);
            request.Content = new StringContent(sent.Text, Encoding.UTF8, "application/json");
            using var answer = await client.SendAsync(request, ct);
            var said = await answer.Content.ReadAsStringAsync(ct);
            if (!Refuses(answer.StatusCode, said, sent.Pointer, sent.Name, endpoint == ReadByHand))
                taken.Enqueue($"{sent.Pointer}/{sent.Name}: {(int)answer.StatusCode} {said}");
        });

        taken.Take(20).ShouldBeEmpty();
        (await world.App.StoredAsync()).ShouldBe(before);
    }

    // What several bodies have inside is read by the same code, and swept in the first of them.
    private List<(string Pointer, JsonObject Object, string Form, IReadOnlySet<string> Documented)> Swept(Expectation endpoint, JsonObject body)
    {
        var before = Expectation.All.TakeWhile(e => e != endpoint).Where(e => world.Document.BodySchema(e) is not null && e.Key != ReadByHand)
            .SelectMany(e => world.Document.Objects(world.Document.BodySchema(e)!, world.Document.Body(e, world.Near))).Select(o => o.Form).ToHashSet();
        return [.. world.Document.Objects(world.Document.BodySchema(endpoint)!, body).Where(o => o.Pointer.Length == 0 || before.Add(o.Form))];
    }

    // Its own fields in another case are no fields of its own either. Columns are of what a whole body makes, not of its parts.
    private IEnumerable<(string Pointer, string Name, string Text)> Bodies(
        JsonObject body, IReadOnlyList<(string Pointer, JsonObject Object, string Form, IReadOnlySet<string> Documented)> objects, IReadOnlyList<string> names)
    {
        foreach (var (pointer, at, _, documented) in objects)
            foreach (var name in (pointer.Length == 0 ? names : world.Document.FieldNames).Concat(documented.Select(d => char.ToUpperInvariant(d[0]) + d[1..])).Where(n => !documented.Contains(n)))
            {
                at[name] = "x";
                yield return (pointer, name, body.ToJsonString());
                at.Remove(name);
            }
    }

    private static bool Refuses(HttpStatusCode status, string said, string pointer, string name, bool byHand)
    {
        if ((int)status < 400)
            return false;
        var answer = JsonNode.Parse(said)!;
        return byHand && pointer.Length > 0
            ? status == HttpStatusCode.UnprocessableEntity && answer["errors"]![0]!.ToJsonString().Contains($"Unknown property {name}.", StringComparison.Ordinal)
            : status == HttpStatusCode.BadRequest && (string?)answer["code"] == "malformed_json" && (string?)answer["detail"] == $"Unknown property {name}.";
    }

    private async Task<IReadOnlyList<string>> NamesAsync()
    {
        var columns = await world.App.RowsAsync("select distinct column_name from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema')");
        return [.. columns.Select(CamelCase).Concat(world.Document.FieldNames).Distinct().Order(StringComparer.Ordinal)];
    }

    private static string CamelCase(string column) =>
        string.Concat(column.Split('_').Select((word, i) => i == 0 ? word : CultureInfo.InvariantCulture.TextInfo.ToTitleCase(word)));
}
