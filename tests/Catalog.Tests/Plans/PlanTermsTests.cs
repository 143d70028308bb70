using System.Net;
using System.Net.Http.Json;
using Licensing.Catalog.Contracts;
using Npgsql;

namespace Licensing.Catalog.Tests.Plans;

public sealed class PlanTermsTests(App app) : IClassFixture<App>
{
    private Task<PlanVersionRef?> CurrentAsync(Guid plan) =>
        app.InAsync<ICatalog, PlanVersionRef?>(c => c.CurrentVersionAsync(new PlanId(plan), Sold.Ct));

    [Fact]
    public async Task Terms_are_kept_by_the_version_that_was_published_with_them()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        using var created = await client.PostAsJsonAsync("/api/v1/plans", new
        {
            key = Sold.Key("plan"),
            name = "Yearly",
            product = "ccaas",
            currency = "EUR",
            charges = Array.Empty<object>(),
            terms = new
            {
                termMonths = 12,
                autoRenew = false,
                renewalWindowDays = new { before = 60, after = 15 },
                decreaseAllowed = false,
                earlyCancellation = new { allowed = true, feePercent = "37.5" },
                transferable = false,
                quotas = new Dictionary<string, string> { [meter] = "100.25" },
                prerequisites = new[] { "ccaas" },
            },
        }, Sold.Ct);
        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        var plan = await created.JsonAsync();
        using var published = await client.PublishAsync(plan);
        var first = (await CurrentAsync(plan.IdOf()))!;

        using var patched = await client.PatchAsJsonAsync($"/api/v1/plans/{plan.IdOf()}", new { terms = new { termMonths = 1 } }, Sold.Ct);
        using var again = await client.PublishAsync(plan);

        var (terms, second) = (first.Terms, (await CurrentAsync(plan.IdOf()))!.Terms);
        (terms.TermMonths, terms.AutoRenew, terms.RenewalWindowDays, terms.IncreaseAllowed, terms.DecreaseAllowed)
            .ShouldBe((12, false, new RenewalWindow(60, 15), true, false));
        (terms.EarlyCancellation, terms.Transferable).ShouldBe((new EarlyCancellation(true, 37.5m), false));
        terms.Quotas.ShouldBe(new Dictionary<string, decimal> { [meter] = 100.25m });
        terms.Prerequisites.ShouldBe(["ccaas"]);
        (second.TermMonths, second.AutoRenew, second.Quotas.Count).ShouldBe((1, true, 0));
        using var listed = await client.GetAsync($"/api/v1/plans/{plan.IdOf()}/versions", Sold.Ct);
        var view = (await listed.JsonAsync()).GetProperty("items").EnumerateArray().Single(v => v.GetProperty("number").GetInt32() == 1)
            .GetProperty("terms");
        (view.GetProperty("termMonths").GetInt32(), view.GetProperty("quotas").GetProperty(meter).GetString()).ShouldBe((12, "100.25"));
    }

    [Fact]
    public async Task A_patch_without_terms_leaves_them_and_opens_the_next_draft_with_them()
    {
        using var client = await app.PlatformAsync();
        var plan = await client.DraftAsync();
        using var patched = await client.PatchAsJsonAsync($"/api/v1/plans/{plan.IdOf()}", new { terms = new { termMonths = 36 } }, Sold.Ct);
        using var published = await client.PublishAsync(plan);

        using var renamed = await client.PatchAsJsonAsync(
            $"/api/v1/plans/{plan.IdOf()}", new { name = "Other", charges = new[] { Sold.Seats() } }, Sold.Ct);

        (await renamed.JsonAsync()).GetProperty("draft").GetProperty("terms").GetProperty("termMonths").GetInt32().ShouldBe(36);
    }

    /// <summary>The shipped plan is inserted by a statement that knows of no terms, as every version before them was.</summary>
    [Fact]
    public async Task A_version_without_terms_is_open_ended_and_free_of_conditions()
    {
        var shipped = (await app.InAsync<ICatalog, IReadOnlyList<PlanVersionRef>>(c => c.OnSaleAsync("ccaas", Sold.Ct)))
            .Single(v => v.PlanKey == "ccaas");

        var terms = shipped.Terms;
        (terms.TermMonths, terms.IncreaseAllowed, terms.DecreaseAllowed, terms.Transferable, terms.EarlyCancellation)
            .ShouldBe((null, true, true, true, new EarlyCancellation(true, 0)));
        (terms.Quotas.Count, terms.Prerequisites.Count).ShouldBe((0, 0));
    }

    [Fact]
    public async Task Terms_and_charges_that_break_rules_are_refused_together()
    {
        using var client = await app.PlatformAsync();

        var (answer, errors) = await client.PostAsJsonAsync("/api/v1/plans", new
        {
            key = Sold.Key("plan"),
            name = "P",
            product = "ccaas",
            currency = "EUR",
            charges = new object[] { new { key = "a", name = "A", feature = "desks", price = new { model = "perUnit", unitPrice = "1" } } },
            terms = new { termMonths = 0, quotas = new Dictionary<string, string> { ["nothing"] = "1" }, prerequisites = new[] { "nothing" } },
        }, Sold.Ct).RefusedAsync();

        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        errors.ShouldBe(
        [
            ("/charges/0/feature", "unknown_feature"), ("/terms/termMonths", "out_of_range"), ("/terms/quotas/nothing", "unknown_meter"),
            ("/terms/prerequisites/0", "unknown_product"),
        ]);
    }

    [Fact]
    public async Task The_database_refuses_a_term_or_fee_out_of_range_too()
    {
        foreach (var terms in new[]
        {
            """{"termMonths":0}""", """{"termMonths":121}""", """{"earlyCancellation":{"allowed":true,"feePercent":"100.01"}}""",
        })
            (await Should.ThrowAsync<PostgresException>(() => app.InAsync<NpgsqlDataSource, int>(async db =>
            {
                await using var command = db.CreateCommand("""
                    insert into catalog.plan_versions (
                        id, plan_id, plan_key, number, name, product, currency, charges, uses_price_lists, trial_days, published_at, terms)
                    select gen_random_uuid(), id, key, 99, name, product, currency, '[]', false, 0, created_at, $1::jsonb
                    from catalog.plans where key = 'ccaas'
                    """);
                command.Parameters.Add(new() { Value = terms });
                return await command.ExecuteNonQueryAsync(Sold.Ct);
            }))).ConstraintName.ShouldBe("plan_versions_terms");
    }
}
