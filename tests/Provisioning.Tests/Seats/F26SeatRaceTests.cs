using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.Seats;

/// <summary>
/// F26: seats are assigned and taken away at once, at two hosts, each change allowed by itself and many of them not together; and their customer
/// goes to another partner meanwhile. Whoever looks sees a state that the rules allow, and what was acknowledged is there once.
/// </summary>
[Trait("Fault", "F26")]
public sealed class F26SeatRaceTests(SellingApp app) : IClassFixture<SellingApp>
{
    private const string Essential = "essentialSeats", Elite = "eliteSeats", Hours = "aiAudioServices.additionalHours";
    private const string Standard = "aiMessaging.standardBundles", Advanced = "aiMessaging.advancedBundles";

    private static readonly (string Feature, int Quantity)[][] Moves =
    [
        [(Essential, 0)], [(Essential, 10)], [(Elite, 0)], [(Elite, 6)], [(Hours, 3)], [(Hours, 0)], [(Standard, 1)], [(Standard, 0)],
        [(Advanced, 1)], [(Advanced, 0)], [(Essential, 0), (Elite, 5)], [(Standard, 0), (Advanced, 2)], [(Essential, 1_000_001)],
        [(Essential, 1_000_000)],
    ];

    [Fact]
    public async Task Of_changes_that_exclude_each_other_nobody_ever_sees_two()
    {
        for (var round = 0; round < FaultLength.Times(inTests: 1, inFaults: 50); round++)
        {
            var branch = await SoldAsync();
            var chance = new Random(round);
            var moves = Enumerable.Range(0, 80).Select(_ => Moves[chance.Next(Moves.Length)]).ToList();

            using var over = new CancellationTokenSource();
            var watching = WatchAsync(branch, over.Token);
            var answers = await app.AtOnceAsync(
                branch.As(Roles.PartnerAdministrator), moves.Count, (client, i) => ChangeAsync(client, branch, moves[i]));
            await over.CancelAsync();

            (await watching).ShouldBeGreaterThan(0);
            answers.Select(a => a.StatusCode)
                .Except([HttpStatusCode.OK, HttpStatusCode.Conflict, HttpStatusCode.UnprocessableEntity]).ShouldBeEmpty();
            foreach (var (move, answer) in moves.Zip(answers))
                if (move[0].Quantity > 1_000_000)
                    answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
            await EachIsThereOnceAsync(branch, answers);
        }
    }

    [Fact]
    public async Task While_the_customer_goes_to_another_partner_one_of_the_two_changes_seats_and_then_the_other()
    {
        for (var round = 0; round < FaultLength.Times(inTests: 1, inFaults: 50); round++)
        {
            var branch = await SoldAsync();
            var next = await app.PartnerAsync(branch.Platform, branch.Distributor);
            using var platform = branch.Administrator();
            using var successor = branch.As(Roles.PartnerAdministrator, next);
            var sent = 0;

            using var over = new CancellationTokenSource();
            var watching = WatchAsync(branch, over.Token);
            var answers = await app.AtOnceAsync(branch.As(Roles.PartnerAdministrator), 60, (client, i) => i == 20
                ? platform.PostAsJsonAsync(
                    $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = next.Id.Value, reason = "sold" }, Ct)
                : ChangeAsync(i % 3 == 0 ? successor : client, branch, [(Elite, 5 + Interlocked.Increment(ref sent))]));
            await over.CancelAsync();
            await watching;

            answers[20].StatusCode.ShouldBe(HttpStatusCode.OK, await answers[20].Content.ReadAsStringAsync(Ct));
            HttpResponseMessage[] changes = [.. answers[..20], .. answers[21..]];
            changes.Select(a => a.StatusCode).Except([HttpStatusCode.OK, HttpStatusCode.Conflict, HttpStatusCode.NotFound]).ShouldBeEmpty();
            await EachIsThereOnceAsync(branch, changes);
            await app.DrainAsync();
            using var former = branch.As(Roles.PartnerAdministrator);
            (await ChangeAsync(former, branch, [(Elite, 200)])).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            (await ChangeAsync(successor, branch, [(Elite, 201)])).StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    private async Task<Branch> SoldAsync()
    {
        var branch = await app.BranchAsync();
        await SubscribedAsync(branch, Asked(branch, await app.PlanAsync(branch)));
        return branch;
    }

    private static Task<HttpResponseMessage> ChangeAsync(HttpClient client, Branch branch, (string Feature, int Quantity)[] move) =>
        client.PatchAsJsonAsync(
            $"/api/v1/licensing/{branch.Tenant.Id.Value}", new { seats = move.ToDictionary(x => x.Feature, x => x.Quantity) }, Ct);

    // Looks as long as it goes on; fails at the first state that the rules do not allow.
    private static async Task<int> WatchAsync(Branch branch, CancellationToken over)
    {
        using var reader = branch.Administrator();
        var looks = 0;
        for (; !over.IsCancellationRequested || looks == 0; looks++)
        {
            var seats = (await reader.GetFromJsonAsync<JsonElement>($"/api/v1/licensing/{branch.Tenant.Id.Value}", Ct)).GetProperty("seats");
            int Held(string feature) => seats.GetProperty(feature).GetInt32();
            var told = seats.ToString();
            (Held(Essential) <= 1_000_000).ShouldBeTrue(told);
            (Held(Standard) > 0 && Held(Advanced) > 0).ShouldBeFalse(told);
            (Held(Hours) > 0 && Held(Essential) + Held(Elite) == 0).ShouldBeFalse(told);
            (Held(Standard) + Held(Advanced) > 0 && Held(Elite) == 0).ShouldBeFalse(told);
        }

        return looks;
    }

    // The history has what was acknowledged and nothing else. Each began with what the one before it left, by their versions, so that none was lost
    // under another; and what the last one left is what is read.
    private async Task EachIsThereOnceAsync(Branch branch, IEnumerable<HttpResponseMessage> answers)
    {
        var done = new List<(int Version, JsonElement Changes)>();
        foreach (var answer in answers.Where(a => a.StatusCode is HttpStatusCode.OK))
            if ((await answer.JsonAsync()).GetProperty("changes") is var changes && changes.EnumerateObject().Any())
                done.Add((int.Parse(answer.Headers.ETag!.Tag.Trim('"')), changes));
        (await app.RowsAsync(
            $"""
            select count(*)::text from provisioning.subscription_history h join provisioning.subscriptions s on s.id = h.subscription_id
            where s.tenant_id = '{branch.Tenant.Id.Value}' and h.what = 'QuantitiesChanged'
            """)).ShouldBe([$"{done.Count}"]);
        done.ShouldNotBeEmpty();

        done.Select(d => d.Version).ShouldBeUnique();
        var held = new Dictionary<string, int> { [Essential] = 10 };
        foreach (var (version, changes) in done.OrderBy(d => d.Version))
            foreach (var change in changes.EnumerateObject())
            {
                change.Value.GetProperty("oldValue").GetInt32().ShouldBe(held.GetValueOrDefault(change.Name), $"{change.Name} before {version}");
                held[change.Name] = change.Value.GetProperty("newValue").GetInt32();
            }

        using var reader = branch.Administrator();
        var seats = (await reader.GetFromJsonAsync<JsonElement>($"/api/v1/licensing/{branch.Tenant.Id.Value}", Ct)).GetProperty("seats");
        foreach (var (feature, quantity) in held)
            seats.GetProperty(feature).GetInt32().ShouldBe(quantity, feature);
    }
}
