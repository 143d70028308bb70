using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Npgsql;

namespace Licensing.Catalog.Tests.Plans;

public sealed class PlanSlicesTests(App app) : IClassFixture<App>
{
    private static object Patch(string? name = null, object[]? charges = null) => new { name, charges };

    private Task<PlanVersionRef?> CurrentAsync(Guid plan) =>
        app.InAsync<ICatalog, PlanVersionRef?>(c => c.CurrentVersionAsync(new PlanId(plan), Sold.Ct));

    [Fact]
    public async Task A_plan_goes_from_draft_to_version_to_retirement()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        var draft = await client.DraftAsync(Sold.Seats(), new
        {
            key = "usage",
            name = "Usage",
            meter,
            price = new { model = "graduated", tiers = new object[] { new { upTo = "10", unitPrice = "2.5" }, new { unitPrice = "1" } } },
        });
        (draft.GetProperty("status").GetString(), draft.GetProperty("versions").GetArrayLength()).ShouldBe(("Draft", 0));
        (await CurrentAsync(draft.IdOf())).ShouldBeNull();

        using var published = await client.PublishAsync(draft);

        published.Headers.ETag!.Tag.ShouldBe("\"2\"");
        var plan = await published.JsonAsync();
        (plan.GetProperty("status").GetString(), plan.GetProperty("draft").ValueKind).ShouldBe(("Published", JsonValueKind.Null));
        var version = (await CurrentAsync(draft.IdOf()))!;
        (version.Version, version.Product, version.Currency.Code, version.PlanKey)
            .ShouldBe((1, "ccaas", "EUR", draft.GetProperty("key").GetString()!));
        version.Charges[0].ShouldBe(new PlanCharge("seats", "Seats", "essentialSeats", null, new Price(PriceModel.PerUnit, UnitPrice: 10), true));
        version.Charges[1].Meter.ShouldBe(meter);
        version.Charges[1].Price.Tiers.ShouldBe([new PriceTier(10, 2.5m), new PriceTier(null, 1)]);

        using var retired = await client.PostAsync($"/api/v1/plans/{draft.IdOf()}/retire", null, Sold.Ct);
        (await retired.JsonAsync()).GetProperty("status").GetString().ShouldBe("Retired");
        (await CurrentAsync(draft.IdOf())).ShouldBeNull();
        (await app.InAsync<ICatalog, PlanVersionRef?>(c => c.FindPlanVersionAsync(version.Id, Sold.Ct)))!.Version.ShouldBe(1);
    }

    [Fact]
    public async Task A_published_version_never_changes()
    {
        using var client = await app.PlatformAsync();
        var draft = await client.DraftAsync(Sold.Seats("10"));
        using var published = await client.PublishAsync(draft);
        var first = (await CurrentAsync(draft.IdOf()))!;

        using var patched = await client.PatchAsJsonAsync($"/api/v1/plans/{draft.IdOf()}", Patch("Dearer", [Sold.Seats("12")]), Sold.Ct);
        var open = await patched.JsonAsync();
        (open.GetProperty("name").GetString(), open.GetProperty("draft").GetProperty("name").GetString()).ShouldBe(("Contact centre", "Dearer"));
        (await CurrentAsync(draft.IdOf())).ShouldBe(first);

        using var again = await client.PublishAsync(draft);
        var second = (await CurrentAsync(draft.IdOf()))!;
        (second.Version, second.Charges[0].Price.UnitPrice).ShouldBe((2, 12m));
        var kept = (await app.InAsync<ICatalog, IReadOnlyDictionary<PlanVersionId, PlanVersionRef>>(c =>
            c.FindPlanVersionsAsync([first.Id, second.Id], Sold.Ct)))[first.Id];
        (kept.Name, kept.Charges[0].Price.UnitPrice).ShouldBe(("Contact centre", 10m));

        using var listed = await client.GetAsync($"/api/v1/plans/{draft.IdOf()}/versions", Sold.Ct);
        (await listed.JsonAsync()).GetProperty("items").EnumerateArray().Select(v => v.GetProperty("number").GetInt32())
            .ShouldBe([2, 1], ignoreOrder: true);
        await Should.ThrowAsync<PostgresException>(() => app.InAsync<NpgsqlDataSource, int>(async db =>
        {
            await using var command = db.CreateCommand($"update catalog.plan_versions set name = 'other' where id = '{first.Id.Value}'");
            return await command.ExecuteNonQueryAsync(Sold.Ct);
        }));
    }

    [Fact]
    public async Task A_patch_leaves_what_it_does_not_name()
    {
        using var client = await app.PlatformAsync();
        var draft = await client.DraftAsync(Sold.Seats());

        using var patched = await client.PatchAsJsonAsync($"/api/v1/plans/{draft.IdOf()}", new { trialDays = 14 }, Sold.Ct);

        var terms = (await patched.JsonAsync()).GetProperty("draft");
        (terms.GetProperty("trialDays").GetInt32(), terms.GetProperty("name").GetString(), terms.GetProperty("charges").GetArrayLength())
            .ShouldBe((14, "Contact centre", 1));
    }

    [Fact]
    public async Task A_patch_of_another_version_than_seen_fails()
    {
        using var client = await app.PlatformAsync();
        var draft = await client.DraftAsync();
        client.DefaultRequestHeaders.Add("If-Match", "\"1\"");
        using var seen = await client.PatchAsJsonAsync($"/api/v1/plans/{draft.IdOf()}", Patch("Seen"), Sold.Ct);
        seen.StatusCode.ShouldBe(HttpStatusCode.OK);
        seen.Headers.ETag!.Tag.ShouldBe("\"2\"");

        using var stale = await client.PatchAsJsonAsync($"/api/v1/plans/{draft.IdOf()}", Patch("Stale"), Sold.Ct);

        (stale.StatusCode, await stale.CodeAsync()).ShouldBe((HttpStatusCode.PreconditionFailed, "precondition_failed"));
    }

    [Fact]
    public async Task Charges_that_break_rules_are_refused_with_their_pointers()
    {
        using var client = await app.PlatformAsync();

        var (answer, errors) = await client.PostAsJsonAsync("/api/v1/plans", new
        {
            key = Sold.Key("plan"),
            name = "P",
            product = "ccaas",
            currency = "EUR",
            charges = new object[]
            {
                new { key = "a", name = "A", feature = "desks",
                    price = new { model = "volume",
                    tiers = new object[] { new { upTo = "5", unitPrice = "1" }, new { upTo = "4", unitPrice = "1" }, new { unitPrice = "1" } } } },
                new { key = "b", name = "B", meter = "nothing", price = new { model = "perUnit", unitPrice = "1" } },
            },
        }, Sold.Ct).RefusedAsync();

        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        errors.ShouldBe(
            [("/charges/0/feature", "unknown_feature"), ("/charges/0/price/tiers/1/upTo", "not_ascending"), ("/charges/1/meter", "unknown_meter")]);
    }

    [Fact]
    public async Task Every_refusal_has_its_code()
    {
        using var client = await app.PlatformAsync();
        var draft = await client.DraftAsync();
        var key = draft.GetProperty("key").GetString();
        using var taken = await client.PostAsJsonAsync(
            "/api/v1/plans", new { key, name = "P", product = "ccaas", currency = "EUR", charges = Array.Empty<object>() }, Sold.Ct);
        (taken.StatusCode, await taken.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "plan_key_taken"));
        var (product, errors) = await client.PostAsJsonAsync(
            "/api/v1/plans",
            new { key = Sold.Key("plan"), name = "P", product = "none", currency = "EUR", charges = Array.Empty<object>(), trialDays = 10 }, Sold.Ct)
            .RefusedAsync();
        (product.StatusCode, errors.Single()).ShouldBe((HttpStatusCode.UnprocessableEntity, ("/product", "unknown_product")));
        using var published = await client.PublishAsync(draft);
        using var twice = await client.PublishAsync(draft);
        (twice.StatusCode, await twice.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "plan_without_draft"));
        using var retired = await client.PostAsync($"/api/v1/plans/{draft.IdOf()}/retire", null, Sold.Ct);
        using var changed = await client.PatchAsJsonAsync($"/api/v1/plans/{draft.IdOf()}", Patch("Late"), Sold.Ct);
        (changed.StatusCode, await changed.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "plan_retired"));
        using var unknown = await client.PatchAsJsonAsync($"/api/v1/plans/{draft.IdOf()}", new { colour = "red" }, Sold.Ct);
        unknown.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var nowhere = await client.GetAsync($"/api/v1/plans/{Guid.Empty}", Sold.Ct);
        (nowhere.StatusCode, await nowhere.CodeAsync()).ShouldBe((HttpStatusCode.NotFound, "plan_not_found"));
        using var filter = await client.GetAsync("/api/v1/plans?status=1", Sold.Ct);
        (filter.StatusCode, await filter.CodeAsync()).ShouldBe((HttpStatusCode.BadRequest, "invalid_parameter"));
    }

    [Fact]
    public async Task Publishing_at_once_makes_one_version()
    {
        using var client = await app.PlatformAsync();
        var draft = await client.DraftAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => client.PublishAsync(draft)));

        answers.Count(a => a.StatusCode is HttpStatusCode.OK).ShouldBe(1);
        answers.Where(a => a.StatusCode is not HttpStatusCode.OK).ShouldAllBe(a => a.StatusCode == HttpStatusCode.Conflict);
        (await CurrentAsync(draft.IdOf()))!.Version.ShouldBe(1);
    }

    [Fact]
    public async Task Plans_are_filtered_and_seen_by_tenants_too()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        var draft = await client.DraftAsync();
        using var tenant = branch.As(Roles.TenantUser);

        using var listed = await tenant.GetAsync($"/api/v1/plans?status=draft&product=ccaas&key={draft.GetProperty("key").GetString()}", Sold.Ct);

        (await listed.JsonAsync()).GetProperty("items").EnumerateArray().Single().IdOf().ShouldBe(draft.IdOf());
    }
}
