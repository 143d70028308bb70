using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Licensing.Catalog.Tests.Pricing;

public sealed class AdjustedListTests(App app) : IClassFixture<App>
{
    private static Task<HttpResponseMessage> AdjustAsync(HttpClient client, JsonElement list, object change, string query = "") =>
        client.PostAsJsonAsync($"/api/v1/pricing/{list.IdOf()}/adjust{query}", change, Sold.Ct);

    [Fact]
    public async Task The_preview_shows_old_and_new_and_changes_nothing_and_the_adjustment_does_what_it_showed()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync([Lists.Item("vm-a", meter, "10.05"), Lists.Item("vm-b", meter, "0"), Lists.Item("zz", meter, "7")]);
        var change = new { percent = "10", decimals = 2, skuPrefix = "vm-" };

        using var preview = await AdjustAsync(client, list, change, "?preview=true");
        var untouched = await client.PricesAsync(list);
        using var done = await AdjustAsync(client, list, change);

        (preview.StatusCode, preview.Headers.ETag!.Tag).ShouldBe((HttpStatusCode.OK, "\"1\""));
        var shown = await preview.JsonAsync();
        (shown.GetProperty("preview").GetBoolean(), shown.GetProperty("changed").GetInt32()).ShouldBe((true, 1));
        shown.GetProperty("items").EnumerateArray()
            .Select(i => $"{i.GetProperty("sku").GetString()} {Price(i, "old")} {Price(i, "new")}")
            .ShouldBe(["vm-a 10.05 11.06", "vm-b 0 0"]);
        untouched.ShouldBe(["vm-a 10.05", "vm-b 0", "zz 7"]);
        done.Headers.ETag!.Tag.ShouldBe("\"2\"");
        (await done.JsonAsync()).GetProperty("preview").GetBoolean().ShouldBeFalse();
        (await client.PricesAsync(list)).ShouldBe(["vm-a 11.06", "vm-b 0", "zz 7"]);

        static string? Price(JsonElement item, string when) => item.GetProperty(when).GetProperty("unitPrice").GetString();
    }

    [Fact]
    public async Task An_adjustment_reaches_the_meter_that_is_named()
    {
        using var client = await app.PlatformAsync();
        var (one, other) = (await client.MeterAsync(), await client.MeterAsync());
        var list = await client.ListAsync([Lists.Item("a", one, "1"), Lists.Item("b", other, "1")]);

        using var done = await AdjustAsync(client, list, new { amount = "0.25", meter = other });

        done.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await client.PricesAsync(list)).ShouldBe(["a 1", "b 1.25"]);
    }

    [Fact]
    public async Task A_price_below_zero_refuses_all_of_it_and_names_every_item()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync([Lists.Item("cheap", meter, "0.5"), Lists.Item("dear", meter, "10"), Lists.Item("free", meter, "0")]);

        var (refused, errors) = await AdjustAsync(client, list, new { amount = "-1" }).RefusedAsync();

        refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        errors.ShouldBe([("/amount", "out_of_range"), ("/amount", "out_of_range")]);
        var text = (await refused.JsonAsync()).GetRawText();
        (text.Contains("cheap"), text.Contains("dear"), text.Contains("free")).ShouldBe((true, false, true));
        (await client.PricesAsync(list)).ShouldBe(["cheap 0.5", "dear 10", "free 0"]);
    }

    [Fact]
    public async Task Two_at_once_who_saw_the_same_state_raise_once()
    {
        using var client = await app.PlatformAsync();
        var list = await client.ListAsync([Lists.Item("a", await client.MeterAsync(), "100")]);
        client.DefaultRequestHeaders.Add("If-Match", "\"1\"");

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => AdjustAsync(client, list, new { percent = "10" })));

        answers.Count(a => a.StatusCode is HttpStatusCode.OK).ShouldBe(1);
        answers.Where(a => a.StatusCode is not HttpStatusCode.OK)
            .ShouldAllBe(a => a.StatusCode == HttpStatusCode.Conflict || a.StatusCode == HttpStatusCode.PreconditionFailed);
        client.DefaultRequestHeaders.Remove("If-Match");
        (await client.PricesAsync(list)).ShouldBe(["a 110"]);
    }

    [Fact]
    public async Task A_retry_with_the_same_key_raises_once()
    {
        using var client = await app.PlatformAsync();
        var list = await client.ListAsync([Lists.Item("a", await client.MeterAsync(), "100")]);
        client.DefaultRequestHeaders.Add("Idempotency-Key", Sold.Key("raise"));

        using var first = await AdjustAsync(client, list, new { percent = "10" });
        using var again = await AdjustAsync(client, list, new { percent = "10" });

        (await again.Content.ReadAsStringAsync(Sold.Ct)).ShouldBe(await first.Content.ReadAsStringAsync(Sold.Ct));
        client.DefaultRequestHeaders.Remove("Idempotency-Key");
        (await client.PricesAsync(list)).ShouldBe(["a 110"]);
    }

    [Fact]
    public async Task What_cannot_be_asked_is_refused_with_its_pointer()
    {
        using var client = await app.PlatformAsync();
        var list = await client.ListAsync([]);

        (await AdjustAsync(client, list, new { percent = "5", amount = "1", decimals = 13 }, "?preview=true").RefusedAsync()).Errors
            .ShouldBe([("", "percent_or_amount"), ("/decimals", "out_of_range")]);
        using var nowhere = await client.PostAsJsonAsync($"/api/v1/pricing/{Guid.Empty}/adjust", new { percent = "5" }, Sold.Ct);
        (nowhere.StatusCode, await nowhere.CodeAsync()).ShouldBe((HttpStatusCode.NotFound, "price_list_not_found"));
    }
}
