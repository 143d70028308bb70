using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Tests.Credit;

/// <summary>Many debits in one request: each whole or not at all, once for its reference.</summary>
public sealed class DebitManyTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static object Item(OrganizationRef from, string? reference, string? amount, string currency = "EUR") => new
    {
        organizationId = from.Id.Value,
        reference,
        amount = amount is null ? null : new { amount, currency },
    };

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, params object[] items) =>
        client.PostAsJsonAsync("/api/v1/credit/debits/batch", new { items }, Ct);

    private static async Task<List<string>> ToldAsync(Task<HttpResponseMessage> sending)
    {
        using var answer = await sending;
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Ct));
        var results = (await answer.JsonAsync()).GetProperty("results").EnumerateArray().ToList();
        results.Select(r => r.GetProperty("index").GetInt32()).ShouldBe(Enumerable.Range(0, results.Count));
        return [.. results.Select(r => r.GetProperty("status").GetInt32() + " " + (r.GetProperty("debit") is { ValueKind: JsonValueKind.Object } debit
            ? debit.GetProperty("amount").GetString()
            : Refused(r.GetProperty("error"))))];

        static string Refused(JsonElement error) => string.Join(' ', error.GetProperty("errors").EnumerateArray()
            .Select(e => $"{e.GetProperty("pointer").GetString()} {e.GetProperty("code").GetString()}")
            .DefaultIfEmpty(error.GetProperty("code").GetString()));
    }

    private async Task<string> LeftAsync(Branch branch, OrganizationRef owner)
    {
        using var administrator = branch.Administrator();
        using var answer = await administrator.GetAsync($"/api/v1/credit?unit=EUR&organizationId={owner.Id.Value}", Ct);
        return string.Join(' ', (await answer.JsonAsync()).GetProperty("items").EnumerateArray().Select(x => x.GetProperty("balance").GetString()));
    }

    [Fact]
    public async Task Each_is_taken_or_refused_by_itself_and_sent_again_nothing_is_taken_twice()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        using var administrator = branch.Administrator();
        (await administrator.AddAsync(branch.Partner, "all", euros: 10)).EnsureSuccessStatusCode();
        (await administrator.AddAsync(branch.Tenant, "all", euros: 1)).EnsureSuccessStatusCode();
        (await administrator.AddAsync(other.Partner, "all", euros: 10)).EnsureSuccessStatusCode();
        using var partner = branch.As(Roles.PartnerAdministrator);
        object[] items =
        [
            Item(branch.Partner, "a", "6.00"), Item(branch.Partner, "b", "5.00"), Item(branch.Partner, "c", "4.00"), Item(branch.Tenant, "a", "1.00"),
            Item(branch.Partner, "a", "6.00"), Item(other.Partner, "d", "1.00"), Item(branch.Partner, "e", "1.00", "USD"),
            Item(branch.Partner, "", "1.00"), Item(branch.Partner, "f", "0.001"), Item(branch.Partner, "g", null),
        ];
        string[] expected =
        [
            "201 6.00", "402 insufficient_credit", "201 4.00", "201 1.00", "422 /reference reference_repeated", "422 /organizationId not_a_partner",
            "402 insufficient_credit", "422 /reference not_empty", "422 /amount not_an_amount", "422 /amount amount_or_points",
        ];

        (await ToldAsync(SendAsync(partner, items))).ShouldBe(expected);
        (await ToldAsync(SendAsync(partner, items))).ShouldBe(expected);
        // One by one it is known too, and under another amount it is another.
        using var alone = await partner.PostAsJsonAsync("/api/v1/credit/debits", Item(branch.Partner, "c", "4.00"), Ct);
        alone.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await ToldAsync(SendAsync(partner, Item(branch.Partner, "c", "4.01")))).ShouldBe(["409 debit_reference_used"]);

        (await LeftAsync(branch, branch.Partner)).ShouldBe("0.00");
        (await LeftAsync(branch, branch.Tenant)).ShouldBe("0.00");
        (await LeftAsync(other, other.Partner)).ShouldBe("10.00");
        await CommonChecker.HoldsAsync(app, Ct);
    }

    [Fact]
    public async Task What_had_too_little_is_taken_after_a_top_up_whatever_key_comes_with_it()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        (await administrator.AddAsync(branch.Partner, "all", euros: 1)).EnsureSuccessStatusCode();
        using var partner = branch.As(Roles.PartnerAdministrator);
        partner.DefaultRequestHeaders.Add("Idempotency-Key", "night");
        object[] items = [Item(branch.Partner, "a", "1.00"), Item(branch.Partner, "b", "1.00")];

        (await ToldAsync(SendAsync(partner, items))).ShouldBe(["201 1.00", "402 insufficient_credit"]);
        (await administrator.AddAsync(branch.Partner, "more", euros: 1)).EnsureSuccessStatusCode();
        (await ToldAsync(SendAsync(partner, items))).ShouldBe(["201 1.00", "201 1.00"]);
        (await LeftAsync(branch, branch.Partner)).ShouldBe("0.00");
    }

    [Fact]
    public async Task The_trail_tells_by_account_how_many_there_were_from_which_to_which_and_their_sum()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        (await administrator.AddAsync(branch.Partner, "all", euros: 10)).EnsureSuccessStatusCode();
        (await administrator.AddAsync(branch.Tenant, "all", euros: 1)).EnsureSuccessStatusCode();

        var items = Enumerable.Range(0, 120).Select(i => Item(branch.Partner, $"{i}", "0.05")).ToList();
        items.Insert(60, Item(branch.Tenant, "t", "1.00"));
        items.Insert(61, Item(branch.Tenant, "u", "1.00"));
        var sent = await (await administrator.PostAsJsonAsync("/api/v1/credit/debits/batch", new { items }, Ct)).JsonAsync();
        var at = sent.GetProperty("results").EnumerateArray().Where(x => x.GetProperty("status").GetInt32() == 201)
            .Select(x => x.GetProperty("debit").GetProperty("createdAt").GetDateTimeOffset()).Distinct().ShouldHaveSingleItem();

        using var trail = await administrator.GetAsync(
            $"/api/v1/audit?action=billing.debit_many&organizationId={branch.Partner.Id.Value}", Ct);
        (await trail.JsonAsync()).GetProperty("items").EnumerateArray().ShouldHaveSingleItem().GetProperty("resources").EnumerateArray()
            .Select(x => $"{x.GetProperty("type").GetString()} {x.GetProperty("id").GetString()} {New(x, "kind")} {New(x, "count")} "
                + $"{New(x, "createdAt").GetDateTimeOffset() == at} "
                + $"{New(x, "references").GetProperty("first").GetString()} {New(x, "references").GetProperty("last").GetString()} "
                + $"{New(x, "amounts")}")
            .ShouldBe(
            [
                $$"""ledger_transactions {{branch.Partner.Id.Value}} Spending 120 True 0 119 {"EUR":-6.00}""",
                $$"""ledger_transactions {{branch.Tenant.Id.Value}} Spending 1 True t t {"EUR":-1}""",
            ]);

        static JsonElement New(JsonElement of, string what) => of.GetProperty("changes").GetProperty(what).GetProperty("new");
    }

    [Fact]
    public async Task Batches_and_single_ones_at_two_hosts_take_each_reference_once_and_no_more_than_there_is()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        (await administrator.AddAsync(branch.Partner, "all", euros: 30)).EnsureSuccessStatusCode();
        await using var second = await app.StartSecondHostAsync();
        using var there = second.Anonymous();
        foreach (var (name, values) in administrator.DefaultRequestHeaders)
            there.DefaultRequestHeaders.Add(name, values);

        // Forty batches of ten, each reference in four of them, and each alone as well.
        var sent = Enumerable.Range(0, 40).Select(i => ToldAsync(SendAsync(
            i % 2 == 0 ? administrator : there, [.. Enumerable.Range(0, 10).Select(j => Item(branch.Partner, $"{(i % 10 * 10) + j}", "0.50"))])));
        var alone = Enumerable.Range(0, 100).Select(async i =>
        {
            using var answer = await there.PostAsJsonAsync("/api/v1/credit/debits", Item(branch.Partner, $"{i}", "0.50"), Ct);
            return answer.StatusCode;
        });
        var (together, apart) = (Task.WhenAll(sent), Task.WhenAll(alone));
        var (batches, singles) = ((await together).SelectMany(x => x).ToList(), await apart);

        batches.Distinct().Order().ShouldBe(["201 0.50", "402 insufficient_credit"]);
        singles.Distinct().Order().ShouldBe([HttpStatusCode.Created, HttpStatusCode.PaymentRequired]);
        (await LeftAsync(branch, branch.Partner)).ShouldBe("0.00");
        (await app.RowsAsync(
            $"select count(*)::text from billing.ledger_transactions where owner_id = '{branch.Partner.Id.Value}' and kind = 'Spending'"))
            .ShouldBe(["60"]);
        await CommonChecker.HoldsAsync(app, Ct);
    }

    [Fact]
    public async Task First_debits_over_many_accounts_ask_no_more_of_the_database_than_over_two()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        var tenants = new List<OrganizationRef>();
        foreach (var _ in Enumerable.Range(0, 24))
            tenants.Add(await app.TenantAsync(branch.Platform, branch.Partner));
        foreach (var tenant in tenants)
            (await administrator.AddAsync(tenant, "all", euros: 2)).EnsureSuccessStatusCode();
        using var log = new StatementLog();

        var (two, many, known) = (await AskedAsync("a", tenants[..2]), await AskedAsync("b", tenants[2..12]), await AskedAsync("c", tenants[..12]));
        (many, known).ShouldBe((two, two - 3));
        // Of two at once, in the one and in the other order, neither waits for whom the other waits for.
        var at = await Task.WhenAll(
            ToldAsync(SendAsync(administrator, [.. tenants.Select(x => Item(x, "d", "0.10"))])),
            ToldAsync(SendAsync(administrator, [.. Enumerable.Reverse(tenants).Select(x => Item(x, "e", "0.10"))])));
        at.SelectMany(x => x).Distinct().ShouldBe(["201 0.10"]);
        await CommonChecker.HoldsAsync(app, Ct);

        async Task<int> AskedAsync(string reference, IEnumerable<OrganizationRef> of)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/credit/debits/batch")
            { Content = JsonContent.Create(new { items = of.Select(x => Item(x, reference, "0.10")) }) };
            var (answer, statements) = await log.SendAsync(administrator, request);
            (await ToldAsync(Task.FromResult(answer))).Distinct().ShouldBe(["201 0.10"]);
            return statements.Count;
        }
    }

    [Fact]
    public async Task It_takes_one_to_a_thousand()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        (await administrator.AddAsync(branch.Partner, "all", euros: 10)).EnsureSuccessStatusCode();

        (await (await SendAsync(administrator)).FieldErrorAsync()).ShouldBe(("/items", "count"));
        object[] many = [.. Enumerable.Range(0, 1_001).Select(i => Item(branch.Partner, $"{i}", "0.01"))];
        (await (await SendAsync(administrator, many)).FieldErrorAsync()).ShouldBe(("/items", "count"));
        (await ToldAsync(SendAsync(administrator, many[..1_000]))).Distinct().ShouldBe(["201 0.01"]);
        (await LeftAsync(branch, branch.Partner)).ShouldBe("0.00");
    }
}
