using System.Net;
using System.Net.Http.Json;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;

namespace Licensing.Catalog.Tests.LicenseEditions;

public sealed class LicenseEditionTests(App app) : IClassFixture<App>
{
    private static int _versions = 1_000;

    [Fact]
    public async Task An_edition_is_read_back_by_everyone_and_changed_by_the_platform()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        var code = Sold.Key("CL-Q-A005");
        using var created = await CreateAsync(administrator, code);
        created.StatusCode.ShouldBe(HttpStatusCode.Created, await created.Content.ReadAsStringAsync(Sold.Ct));
        (await CreateAsync(administrator, code)).StatusCode.ShouldBe(HttpStatusCode.Conflict);

        foreach (var role in Roles.All)
        {
            using var reader = branch.As(role);
            var edition = await (await reader.GetAsync(created.Headers.Location, Sold.Ct)).JsonAsync();
            edition.GetProperty("prices").GetRawText().ShouldBe("""[{"amount":"5.00","currency":"EUR"},{"amount":"700","currency":"JPY"}]""");
            (edition.GetProperty("version").GetInt32(), edition.GetProperty("points").GetString(),
                edition.GetProperty("names").GetProperty("IT").GetString())
                .ShouldBe((0, "0.5", "Licenza"));
        }

        (await (await administrator.PatchAsJsonAsync(
            created.Headers.Location, new { prices = Array.Empty<object>(), names = new { IT = "Solo" } }, Sold.Ct)).FieldErrorAsync())
            .Code.ShouldBe("english_missing");
        using var changed = await administrator.PatchAsJsonAsync(created.Headers.Location, new { points = "1", onSale = false }, Sold.Ct);
        changed.Headers.ETag!.Tag.ShouldBe("\"2\"");
        var after = await changed.JsonAsync();
        (after.GetProperty("points").GetString(), after.GetProperty("quantity").GetString(), after.GetProperty("onSale").GetBoolean())
            .ShouldBe(("1", "5 users", false));
        (await (await administrator.GetAsync($"/api/v1/license-editions?code={code}&onSale=true", Sold.Ct)).JsonAsync()).GetProperty("items")
            .GetArrayLength().ShouldBe(0);
        (await app.InAsync<ILicenseEditions, LicenseEditionRef?>(x => x.FindAsync(code, Sold.Ct))).ShouldBeNull();
    }

    [Fact]
    public async Task Every_rule_that_is_broken_is_named_at_once()
    {
        using var administrator = await app.PlatformAsync();

        using var refused = await administrator.PostAsJsonAsync("/api/v1/license-editions", new
        {
            code = "-",
            version = -1,
            durationMonths = 0,
            quantity = "",
            users = 0,
            points = "0.00001",
            prices = new[] { new { amount = "1.001", currency = "EUR" }, new { amount = "1", currency = "EUR" } },
            names = new { de = "x", english = "x" },
        }, Sold.Ct);

        refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await refused.JsonAsync()).GetProperty("errors").EnumerateArray()
            .Select(e => $"{e.GetProperty("pointer").GetString()} {e.GetProperty("code").GetString()}").Order(StringComparer.Ordinal).ShouldBe(
        [
            "/code invalid_code", "/durationMonths inclusive_between", "/names english_missing", "/names not_a_name", "/points not_points",
            "/prices currency_twice", "/prices/0 not_a_price", "/quantity not_empty", "/users greater_than", "/version greater_than_or_equal",
        ]);
    }

    [Theory]
    [InlineData(" ")]
    [InlineData("\t")]
    public async Task A_name_that_nobody_can_read_is_none(string name)
    {
        using var administrator = await app.PlatformAsync();

        var (answer, errors) = await administrator.PostAsJsonAsync("/api/v1/license-editions", new
        {
            code = Sold.Key("M"),
            durationMonths = 1,
            quantity = "5 users",
            names = new { EN = "Office", IT = name },
        }, Sold.Ct).RefusedAsync();

        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        errors.ShouldBe([("/names", "not_a_name")]);
    }

    [Fact]
    public async Task One_edition_on_sale_is_the_demo_also_under_a_race()
    {
        using var administrator = await app.PlatformAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => administrator.PostAsJsonAsync(
            "/api/v1/license-editions", new { code = Sold.Key("DEMO"), quantity = "3 users", demo = true, names = new { EN = "Try it" } }, Sold.Ct)));

        answers.Count(a => a.StatusCode is HttpStatusCode.Created).ShouldBe(1);
        (await Task.WhenAll(answers.Where(a => a.StatusCode is not HttpStatusCode.Created).Select(a => a.CodeAsync()))).Distinct()
            .ShouldBe(["edition_demo_taken"]);
        (await app.InAsync<ILicenseEditions, LicenseEditionRef?>(x => x.DemoAsync(Sold.Ct)))!.Quantity.ShouldBe("3 users");
        using var paid = await administrator.PostAsJsonAsync("/api/v1/license-editions", new
        {
            code = Sold.Key("DEMO"),
            quantity = "3 users",
            demo = true,
            durationMonths = 1,
            points = "1",
            prices = new[] { new { amount = "1", currency = "EUR" } },
            names = new { EN = "Try it" },
        }, Sold.Ct);
        (await paid.JsonAsync()).GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("pointer").GetString()).Order()
            .ShouldBe(["/durationMonths", "/points", "/prices"]);
    }

    [Fact]
    public async Task What_is_on_sale_is_found_by_currency_version_and_duration_page_by_page()
    {
        using var administrator = await app.PlatformAsync();
        var version = Interlocked.Increment(ref _versions);
        var codes = Enumerable.Range(0, 3).Select(_ => Sold.Key("PAGED")).Order(StringComparer.Ordinal).ToList();
        foreach (var code in codes)
            (await CreateAsync(administrator, code, version)).StatusCode.ShouldBe(HttpStatusCode.Created);
        var usd = Currency.Parse("USD");
        var jpy = Currency.Parse("JPY");

        (await ListAsync(new EditionFilter(jpy, version), 2)).ShouldBe(codes);
        (await ListAsync(new EditionFilter(jpy, version, 1), 2)).ShouldBe(codes);
        (await ListAsync(new EditionFilter(jpy, version, 2), 2)).ShouldBeEmpty();
        (await ListAsync(new EditionFilter(jpy, version, Code: codes[1]), 2)).ShouldBe([codes[1]]);
        (await ListAsync(new EditionFilter(usd, version), 2)).ShouldBeEmpty();

        using var listed = await administrator.GetAsync("/api/v1/directory/license-versions?limit=200", Sold.Ct);
        var versions = (await listed.JsonAsync()).GetProperty("items").EnumerateArray().Select(x => x.GetProperty("version").GetInt32()).ToList();
        versions.ShouldContain(version);
        versions.ShouldBe(versions.Distinct().Order());
    }

    private async Task<List<string>> ListAsync(EditionFilter filter, int limit)
    {
        var (codes, after) = (new List<string>(), (string?)null);
        do
        {
            var start = PageStart.Read(limit, after);
            start.Refused(out _, out var from).ShouldBeFalse();
            (await app.InAsync<ILicenseEditions, Result<Page<LicenseEditionRef>>>(x => x.ListAsync(filter, from!, Sold.Ct)))
                .Refused(out _, out var page).ShouldBeFalse();
            codes.AddRange(page!.Items.Select(x => x.Code));
            after = page.Next;
        }
        while (after is not null);
        return codes;
    }

    private static Task<HttpResponseMessage> CreateAsync(HttpClient client, string code, int version = 0) =>
        client.PostAsJsonAsync("/api/v1/license-editions", new
        {
            code,
            version,
            durationMonths = 1,
            quantity = "5 users",
            users = 5,
            points = "0.5",
            prices = new[] { new { amount = "5.00", currency = "EUR" }, new { amount = "700", currency = "JPY" } },
            names = new { EN = "Licence", IT = "Licenza" },
        }, Sold.Ct);
}
