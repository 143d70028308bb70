using System.Net;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Catalog.Tests.Directories;

public sealed class CodeListTests(App app) : IClassFixture<App>
{
    private static async Task<List<JsonElement>> AllAsync(HttpClient client, string list, int limit)
    {
        var entries = new List<JsonElement>();
        string? after = null;
        do
        {
            using var answer = await client.GetAsync($"/api/v1/directory/{list}?limit={limit}{(after is null ? "" : $"&after={after}")}", Sold.Ct);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            var page = await answer.JsonAsync();
            entries.AddRange(page.GetProperty("items").EnumerateArray().Select(x => x.Clone()));
            after = page.GetProperty("next").GetString();
        }
        while (after is not null);
        return entries;
    }

    private static string Code(JsonElement entry) => entry.GetProperty("code").GetString()!;

    [Fact]
    public async Task Currencies_have_their_minor_units()
    {
        using var client = await app.PlatformAsync();

        var currencies = (await AllAsync(client, "currencies", 200)).ToDictionary(Code, c => c.GetProperty("minorUnits").GetInt32());

        currencies.Count.ShouldBe(Currency.All.Count);
        (currencies["JPY"], currencies["EUR"], currencies["KWD"], currencies["CLF"]).ShouldBe((0, 2, 3, 4));
        currencies.ShouldNotContainKey("XAU");
    }

    [Fact]
    public async Task Countries_have_the_three_codes_of_the_standard()
    {
        using var client = await app.PlatformAsync();

        var countries = await AllAsync(client, "countries", 100);

        countries.Count.ShouldBe(249);
        countries.Select(Code).ShouldBe(countries.Select(Code).Order(StringComparer.Ordinal).Distinct());
        countries.Select(c => c.GetProperty("alpha3").GetString()).ShouldBeUnique();
        countries.Select(c => c.GetProperty("numeric").GetString()).ShouldBeUnique();
        countries.ShouldAllBe(c => Code(c).Length == 2 && c.GetProperty("alpha3").GetString()!.Length == 3
            && c.GetProperty("numeric").GetString()!.Length == 3 && c.GetProperty("name").GetString()!.Length > 2);
        countries.Single(c => Code(c) == "AX").GetRawText().ShouldBe("""{"code":"AX","alpha3":"ALA","numeric":"248","name":"Åland Islands"}""");
        countries.Single(c => Code(c) == "AF").GetProperty("numeric").GetString().ShouldBe("004");
    }

    [Fact]
    public async Task Industries_are_the_sections_from_A_to_U()
    {
        using var client = await app.PlatformAsync();

        string.Concat((await AllAsync(client, "industries", 5)).Select(Code)).ShouldBe("ABCDEFGHIJKLMNOPQRSTU");
    }

    [Theory]
    [InlineData("currencies")]
    [InlineData("countries")]
    [InlineData("industries")]
    public async Task Any_caller_reads_and_does_not_read_twice(string list)
    {
        var branch = await app.BranchAsync();
        using var user = branch.As(Roles.TenantUser);
        using var first = await user.GetAsync($"/api/v1/directory/{list}", Sold.Ct);
        user.DefaultRequestHeaders.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await user.GetAsync($"/api/v1/directory/{list}", Sold.Ct);
        using var nobody = await app.Anonymous().GetAsync($"/api/v1/directory/{list}", Sold.Ct);
        using var wrong = await user.GetAsync($"/api/v1/directory/{list}?limit=0", Sold.Ct);

        (first.StatusCode, second.StatusCode, nobody.StatusCode, wrong.StatusCode)
            .ShouldBe((HttpStatusCode.OK, HttpStatusCode.NotModified, HttpStatusCode.Unauthorized, HttpStatusCode.BadRequest));
    }
}
