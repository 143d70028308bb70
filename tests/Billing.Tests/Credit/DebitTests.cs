using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Licensing.Billing.Tests.Ledger.LedgerTests;

namespace Licensing.Billing.Tests.Credit;

/// <summary>Debits of prepaid credit over HTTP: one by one, many at once, and given back.</summary>
public sealed class DebitTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_debit_is_taken_once_per_reference_and_shown()
    {
        var branch = await BranchAsync("10.00");
        using var partner = branch.As(Roles.PartnerAdministrator);

        using var made = await DebitAsync(partner, branch, "order 1", "2.50", description: "ten seats");
        var debit = await made.JsonAsync();
        (made.StatusCode, made.Headers.Location!.ToString()).ShouldBe(
            (HttpStatusCode.Created, $"/api/v1/credit/debits/{debit.GetProperty("id").GetGuid()}"));
        Shown(debit).ShouldBe("order 1 EUR 2.50 ten seats ");
        (await AvailableAsync(branch)).ShouldBe("7.50");

        using var again = await DebitAsync(partner, branch, "order 1", "2.50");
        (again.StatusCode, (await again.JsonAsync()).GetProperty("id").GetGuid())
            .ShouldBe((HttpStatusCode.Created, debit.GetProperty("id").GetGuid()));
        (await (await DebitAsync(partner, branch, "order 1", "2.51")).CodeAsync()).ShouldBe("debit_reference_used");
        using var shown = await partner.GetAsync(made.Headers.Location, Ct);
        Shown(await shown.JsonAsync()).ShouldBe("order 1 EUR 2.50 ten seats ");
        (await AvailableAsync(branch)).ShouldBe("7.50");
        await VerifiedAsync();
    }

    [Fact]
    public async Task Too_little_is_402_with_what_is_there_and_may_be_asked_again_after_a_top_up()
    {
        var branch = await BranchAsync("1.00");
        using var partner = branch.As(Roles.PartnerAdministrator);
        partner.DefaultRequestHeaders.Add("Idempotency-Key", "one");

        using var refused = await DebitAsync(partner, branch, "order", "1.01");
        var problem = await refused.JsonAsync();
        (refused.StatusCode, problem.GetProperty("code").GetString(), problem.GetProperty("content").GetRawText())
            .ShouldBe((HttpStatusCode.PaymentRequired, "insufficient_credit", """{"required":1.01,"available":1,"currency":"EUR"}"""));
        // Not kept: the same request, under the same key, may succeed later.
        await TopUpAsync(branch.Administrator(), branch, "second", "0.01", null);
        (await DebitAsync(partner, branch, "order", "1.01")).StatusCode.ShouldBe(HttpStatusCode.Created);
        using var replayed = await DebitAsync(partner, branch, "order", "1.01");
        replayed.Headers.GetValues("Idempotency-Replayed").ShouldBe(["true"]);
        (await AvailableAsync(branch)).ShouldBe("0.00");
    }

    [Fact]
    public async Task Who_may_debit_and_who_gives_back()
    {
        var (branch, other) = (await BranchAsync("10.00"), await BranchAsync("10.00"));

        (await DebitAsync(branch.As(Roles.PartnerReader), branch, "x", "1.00")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await DebitAsync(branch.As(Roles.TenantAdministrator), branch, "x", "1.00")).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        foreach (var stranger in new[] { other.As(Roles.PartnerAdministrator), other.As(Roles.DistributorAdministrator) })
            (await (await DebitAsync(stranger, branch, "x", "1.00")).FieldErrorAsync()).ShouldBe(("/organizationId", "not_a_partner"));
        (await AvailableAsync(branch)).ShouldBe("10.00");

        using var made = await DebitAsync(branch.As(Roles.PartnerAdministrator), branch, "x", "1.00");
        var path = made.Headers.Location!.ToString();
        (await branch.As(Roles.PartnerAdministrator).PostAsync(path + "/reversal", null, Ct)).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await (await other.As(Roles.DistributorAdministrator).PostAsync(path + "/reversal", null, Ct)).CodeAsync()).ShouldBe("debit_not_found");
        (await (await other.As(Roles.PartnerReader).GetAsync(path, Ct)).CodeAsync()).ShouldBe("debit_not_found");
        // A top-up is no debit.
        var topUp = await (await TopUpAsync(branch.Administrator(), branch, "another", "1.00", null)).JsonAsync();
        (await (await branch.Administrator().PostAsync($"/api/v1/credit/debits/{topUp.GetProperty("id").GetGuid()}/reversal", null, Ct)).CodeAsync())
            .ShouldBe("debit_not_found");

        using var bad = await branch.Administrator().PostAsJsonAsync("/api/v1/credit/debits", new
        {
            organizationId = branch.Partner.Id.Value,
            reference = "",
            amount = new { amount = "1.001", currency = "EUR" },
            points = "-1",
        }, Ct);
        (await bad.JsonAsync()).GetProperty("errors").EnumerateArray().Select(e => $"{e.GetProperty("pointer")} {e.GetProperty("code")}").Order()
            .ShouldBe(["/amount amount_or_points", "/amount not_an_amount", "/points not_an_amount", "/reference not_empty"]);
        (await (await branch.Administrator().PostAsJsonAsync("/api/v1/credit/debits",
            new { organizationId = branch.Partner.Id.Value, reference = "none" }, Ct)).FieldErrorAsync()).Code.ShouldBe("amount_or_points");
    }

    [Fact]
    public async Task One_who_never_had_such_credit_has_none_and_who_can_have_none_is_told()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();

        using var refused = await DebitAsync(platform, branch, "order", "0.01");
        (refused.StatusCode, (await refused.JsonAsync()).GetProperty("content").GetProperty("available").GetDecimal())
            .ShouldBe((HttpStatusCode.PaymentRequired, 0m));
        using var tenant = await platform.PostAsJsonAsync("/api/v1/credit/debits",
            new { organizationId = branch.Tenant.Id.Value, reference = "order", points = "1" }, Ct);
        tenant.StatusCode.ShouldBe(HttpStatusCode.PaymentRequired);
        using var root = await platform.PostAsJsonAsync("/api/v1/credit/debits",
            new { organizationId = branch.Platform.Id.Value, reference = "order", points = "1" }, Ct);
        (await root.FieldErrorAsync()).ShouldBe(("/organizationId", "not_a_partner"));
    }

    [Fact]
    public async Task Many_at_once_are_each_answered_and_booked_on_their_own()
    {
        var branch = await BranchAsync("10.00");
        await TopUpAsync(branch.Administrator(), branch, "points", null, "5");
        using var platform = branch.As(Roles.PlatformService);

        // Beside those that fit: too large ones, one that is malformed, doubles, and points.
        var sent = await Task.WhenAll(Enumerable.Range(0, 120).Select(async i => (I: i, Answer: (i % 6) switch
        {
            0 => await DebitAsync(platform, branch, $"large {i}", "100.00"),
            1 => await DebitAsync(platform, branch, $"bad {i}", "0.001"),
            2 => await DebitAsync(platform, branch, $"same {i / 12}", "0.10"),
            3 => await DebitAsync(platform, branch, $"points {i}", null, "0.25"),
            _ => await DebitAsync(platform, branch, $"good {i}", "0.20"),
        })));

        sent.ToLookup(x => x.I % 6, x => (int)x.Answer.StatusCode).OrderBy(g => g.Key)
            .Select(g => $"{g.Key}: {string.Join(", ", g.GroupBy(s => s).OrderBy(s => s.Key).Select(s => $"{s.Count()} x {s.Key}"))}")
            .ShouldBe(["0: 20 x 402", "1: 20 x 422", "2: 20 x 201", "3: 20 x 201", "4: 20 x 201", "5: 20 x 201"]);
        var ids = new List<Guid>();
        foreach (var (_, answer) in sent.Where(x => x.Answer.StatusCode is HttpStatusCode.Created))
            ids.Add((await answer.JsonAsync()).GetProperty("id").GetGuid());
        // Of ten references two each.
        ids.Distinct().Count().ShouldBe(70);
        (await AvailableAsync(branch)).ShouldBe("1.00");
        (await AvailableAsync(branch, "points")).ShouldBe("0");
        // Each with an entry of its own in the audit trail, in its caller's name, which names what was taken.
        var trail = await app.RowsAsync(
            $"""
            select count(*) || ' ' || count(distinct principal_id) || ' ' || count(distinct changes -> 0 ->> 'id')
            from identity.audit_entries where action = 'billing.debit_credit' and owner_path = '{branch.Partner.Path}'
            """);
        trail.ShouldBe(["70 1 70"]);
        await VerifiedAsync();
    }

    [Fact]
    public async Task Those_that_wait_for_another_share_the_next_transaction()
    {
        var branch = await BranchAsync("10.00");
        using var partner = branch.As(Roles.PartnerAdministrator);
        await using var holder = await app.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(Ct);
        await using var held = await holder.BeginTransactionAsync(Ct);
        await using (var hold = new NpgsqlCommand(
            $"select 1 from billing.ledger_accounts where owner_id = '{branch.Partner.Id.Value}' for update", holder, held))
            await hold.ExecuteNonQueryAsync(Ct);

        var first = DebitAsync(partner, branch, "0", "0.10");
        await app.WaitsForALockAsync(first);
        var others = Enumerable.Range(1, 60).Select(i => DebitAsync(partner, branch, $"{i}", "0.10")).ToList();
        await held.RollbackAsync(Ct);

        foreach (var answer in await Task.WhenAll(others.Prepend(first)))
            answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        var transactions = int.Parse((await app.RowsAsync(
            "select count(distinct xmin::text)::text from billing.ledger_transactions "
            + $"where owner_id = '{branch.Partner.Id.Value}' and kind = 'Spending'"))[0], System.Globalization.CultureInfo.InvariantCulture);
        transactions.ShouldBeInRange(2, 20);
        (await AvailableAsync(branch)).ShouldBe("3.90");
    }

    [Fact]
    public async Task Given_back_once_to_the_lot_it_came_from_and_lots_tell_what_is_left_and_when_it_ends()
    {
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var ends = app.Now.AddDays(5);
        (await TopUpAsync(platform, branch, "ends", "3.00", null, ends)).EnsureSuccessStatusCode();
        app.Clock.Advance(TimeSpan.FromSeconds(1));
        (await TopUpAsync(platform, branch, "stays", "3.00", null)).EnsureSuccessStatusCode();

        using var first = await DebitAsync(platform, branch, "a", "2.00");
        using var second = await DebitAsync(platform, branch, "b", "2.00");
        (await LotsAsync(branch)).ShouldBe(["2.00 never"]);
        using var reversed = await platform.PostAsync(first.Headers.Location + "/reversal", null, Ct);
        (reversed.StatusCode, Shown(await reversed.JsonAsync())).ShouldBe((HttpStatusCode.OK, "a EUR 2.00  reversed"));
        (await LotsAsync(branch)).ShouldBe(["2.00 never", "2.00 in 5 days"]);
        (await (await platform.PostAsync(first.Headers.Location + "/reversal", null, Ct)).CodeAsync()).ShouldBe("money_action_done_already");
        // Debited again under the same reference it is what it was: taken and given back.
        Shown(await (await DebitAsync(platform, branch, "a", "2.00")).JsonAsync()).ShouldBe("a EUR 2.00  reversed");

        // One of the second's came from the lot that is over by then.
        app.Clock.Advance(TimeSpan.FromDays(5));
        (await platform.PostAsync(second.Headers.Location + "/reversal", null, Ct)).EnsureSuccessStatusCode();
        await app.DrainAsync();
        (await LotsAsync(branch)).ShouldBe(["1.00 never", "3.00 never"]);
        (await AvailableAsync(branch)).ShouldBe("4.00");
        var page = await (await platform.GetAsync($"/api/v1/credit/lots?organizationId={branch.Partner.Id.Value}&limit=1", Ct)).JsonAsync();
        page.GetProperty("items").GetArrayLength().ShouldBe(1);
        page.GetProperty("next").GetString().ShouldNotBeNull();
        await VerifiedAsync();
    }

    private async Task<Branch> BranchAsync(string amount)
    {
        var branch = await app.BranchAsync();
        (await TopUpAsync(branch.Administrator(), branch, "first", amount, null)).EnsureSuccessStatusCode();
        return branch;
    }

    private static Task<HttpResponseMessage> DebitAsync(
        HttpClient client, Branch branch, string reference, string? amount, string? points = null, string? description = null) =>
        client.PostAsJsonAsync("/api/v1/credit/debits", new
        {
            organizationId = branch.Partner.Id.Value,
            reference,
            amount = amount is null ? null : new { amount, currency = "EUR" },
            points,
            description,
        }, Ct);

    private static string Shown(JsonElement debit) => string.Join(' ',
    [
        debit.GetProperty("reference").GetString(), debit.GetProperty("unit").GetString(), debit.GetProperty("amount").GetString(),
        debit.GetProperty("description").GetString(), debit.GetProperty("reversedAt").ValueKind is JsonValueKind.Null ? "" : "reversed",
    ]);

    private static async Task<string?> AvailableAsync(Branch branch, string unit = "EUR")
    {
        using var answer = await branch.As(Roles.PartnerReader).GetAsync($"/api/v1/credit?unit={unit}", Ct);
        return (await answer.JsonAsync()).GetProperty("items")[0].GetProperty("balance").GetString();
    }

    private async Task<List<string>> LotsAsync(Branch branch)
    {
        using var answer = await branch.As(Roles.PartnerReader).GetAsync("/api/v1/credit/lots", Ct);
        return [.. (await answer.JsonAsync()).GetProperty("items").EnumerateArray().Select(x => x.GetProperty("remaining").GetString()
            + (x.GetProperty("expiresAt").ValueKind is JsonValueKind.Null ? " never"
                : $" in {Math.Ceiling((x.GetProperty("expiresAt").GetDateTimeOffset() - app.Now).TotalDays)} days"))];
    }

    private async Task VerifiedAsync() => (await app.InAsync<VerifyLedger, VerifyLedger.Outcome>(v => v.RunAsync(Ct))).Findings.ShouldBeEmpty();
}
