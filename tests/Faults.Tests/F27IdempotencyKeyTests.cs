using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Faults;

/// <summary>F27: what is done with an Idempotency-Key beside sending a request again.</summary>
[Trait("Fault", "F27")]
public sealed class F27IdempotencyKeyTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_a_hundred_times_at_once_has_one_effect_and_one_answer()
    {
        await using var second = await app.StartSecondHostAsync();
        var branch = await BranchAsync();
        using var here = branch.As(Roles.PartnerAdministrator);
        using var there = here.At(second);

        var answers = await PrepaidCredit.AtOnceAsync(100, i => branch.DebitAsync(i % 2 == 0 ? here : there, "once", "1.00", "key"));

        var bodies = new HashSet<string>();
        foreach (var answer in answers)
            if (answer.StatusCode is HttpStatusCode.Created)
                bodies.Add(await answer.Content.ReadAsStringAsync(Ct));
            else
                (await answer.CodeAsync()).ShouldBe("idempotency_in_progress");
        bodies.Count.ShouldBe(1);
        using var again = await branch.DebitAsync(there, "once", "1.00", "key");
        again.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        (await again.Content.ReadAsStringAsync(Ct)).ShouldBe(bodies.Single());
        (await branch.AvailableAsync()).ShouldBe("9.00");
        await HoldsAsync();
    }

    [Fact]
    public async Task What_nothing_but_its_key_keeps_from_being_done_twice_is_done_once()
    {
        await using var second = await app.StartSecondHostAsync();
        var branch = await app.BranchAsync();
        using var here = branch.Administrator();
        using var there = here.At(second);
        using var made = await here.PostAsJsonAsync("/api/v1/plans", new
        {
            key = "f27",
            name = "F27",
            product = "ccaas",
            currency = "EUR",
            charges = new object[] { new { key = "base", name = "Base", price = new { model = "flat", amount = "1.00" } } },
        }, Ct);
        var plan = (await made.JsonAsync()).GetProperty("id").GetGuid();
        (await here.PostAsync($"/api/v1/plans/{plan}/publish", null, Ct)).EnsureSuccessStatusCode();

        var body = new { tenantId = branch.Tenant.Id.Value, planId = plan, quantities = new { essentialSeats = 10 } };
        var answers = await PrepaidCredit.AtOnceAsync(100, i => (i % 2 == 0 ? here : there).SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/api/v1/subscriptions")
            {
                Content = JsonContent.Create(body),
                Headers = { { "Idempotency-Key", "subscribe" } },
            }, Ct));
        foreach (var other in answers.Where(a => a.StatusCode is not HttpStatusCode.Created))
            (await other.CodeAsync()).ShouldBe("idempotency_in_progress");
        answers.Count(a => a.StatusCode is HttpStatusCode.Created).ShouldBeGreaterThan(0);
        (await app.RowsAsync($"select id::text from provisioning.subscriptions where tenant_id = '{branch.Tenant.Id.Value}'")).Count.ShouldBe(1);
        await HoldsAsync();
    }

    [Fact]
    public async Task What_has_nothing_to_answer_is_answered_and_repeated_over_a_wire()
    {
        await using var faulted = await FaultedHost.StartAsync(new Dictionary<string, string>(), Ct);
        var tenant = (await UsageSender.MakeAsync(faulted, 1, Ct))[0].Tenant;
        var threshold = (await faulted.PostAsync(
            "usage/thresholds", new { meter = "calls", basis = "quantity", levels = new[] { "10" }, tenantId = tenant }, Ct)).GetProperty("id");
        using var client = faulted.Client();
        for (var turn = 0; turn < 2; turn++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/usage/thresholds/{threshold}");
            request.Headers.Add("Idempotency-Key", "gone");
            using var answer = await client.SendAsync(request, Ct);
            (answer.StatusCode, answer.Headers.Contains("Idempotency-Replayed")).ShouldBe((HttpStatusCode.NoContent, turn == 1));
        }

        faulted.Host.Output.ShouldNotContain("InvalidOperationException");
        await faulted.HoldsAsync(Ct);
    }

    [Fact]
    public async Task A_key_with_another_body_or_route_is_refused_and_tells_nobody_else_anything()
    {
        var branch = await BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var distributor = branch.As(Roles.DistributorAdministrator);
        (await branch.DebitAsync(partner, "a", "1.00", "mine")).StatusCode.ShouldBe(HttpStatusCode.Created);

        (await (await branch.DebitAsync(partner, "a", "1.01", "mine")).CodeAsync()).ShouldBe("idempotency_key_reused");
        (await (await branch.DebitAsync(partner, "b", "1.00", "mine")).CodeAsync()).ShouldBe("idempotency_key_reused");
        // Another's request under the same key is his own: neither replayed nor refused for it.
        using var others = await branch.DebitAsync(distributor, "c", "1.00", "mine");
        (others.StatusCode, others.Headers.Contains("Idempotency-Replayed")).ShouldBe((HttpStatusCode.Created, false));
        using var same = await branch.DebitAsync(distributor, "a", "1.00", "another");
        (same.StatusCode, same.Headers.Contains("Idempotency-Replayed")).ShouldBe((HttpStatusCode.Created, false));
        (await branch.AvailableAsync()).ShouldBe("8.00");
        await HoldsAsync();
    }

    [Fact]
    public async Task A_key_is_known_for_a_day_and_what_it_did_is_not_done_again_afterwards_either()
    {
        var branch = await BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var first = await branch.DebitAsync(partner, "a", "1.00", "old");
        var housekeeping = (Housekeeping)app.Services.GetService(typeof(Housekeeping))!;

        app.Clock.Advance(TimeSpan.FromHours(24));
        await housekeeping.CleanAsync(Ct);
        using (var replayed = await branch.DebitAsync(partner, "a", "1.00", "old"))
        {
            // Its reference alone would have brought the same answer.
            replayed.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
            (await replayed.Content.ReadAsStringAsync(Ct)).ShouldBe(await first.Content.ReadAsStringAsync(Ct));
        }

        app.Clock.Advance(TimeSpan.FromDays(2));
        await housekeeping.CleanAsync(Ct);
        // The record is gone; the reference stays for ever.
        using var late = await branch.DebitAsync(partner, "a", "1.00", "old");
        (late.StatusCode, late.Headers.Contains("Idempotency-Replayed")).ShouldBe((HttpStatusCode.Created, false));
        (await late.JsonAsync()).GetProperty("id").GetGuid().ShouldBe((await first.JsonAsync()).GetProperty("id").GetGuid());
        (await branch.AvailableAsync()).ShouldBe("9.00");
        await HoldsAsync();
    }

    [Fact]
    public async Task A_key_of_a_GET_is_ignored()
    {
        var branch = await BranchAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        partner.DefaultRequestHeaders.Add("Idempotency-Key", "read");
        using var before = await partner.GetAsync("/api/v1/credit", Ct);
        await branch.TopUpAsync("more", "1.00");

        using var after = await partner.GetAsync("/api/v1/credit", Ct);
        (after.StatusCode, after.Headers.Contains("Idempotency-Replayed")).ShouldBe((HttpStatusCode.OK, false));
        (await after.Content.ReadAsStringAsync(Ct)).ShouldContain("11.00");
        (await app.RowsAsync("select key from kernel.idempotency_records where key = 'read'")).ShouldBeEmpty();
        await HoldsAsync();
    }

    private async Task<Branch> BranchAsync()
    {
        var branch = await app.BranchAsync();
        await branch.TopUpAsync("all", "10.00");
        return branch;
    }

    private Task HoldsAsync() => CommonChecker.HoldsAsync(app, Ct);
}
