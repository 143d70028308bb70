using System.Net;
using System.Net.Http.Json;
using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Tests.Meters;

public sealed class DimensionTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task A_meter_names_the_dimensions_of_its_records()
    {
        using var client = await app.PlatformAsync();
        var key = Sold.Key("traffic");
        using var created = await client.PostAsJsonAsync(
            "/api/v1/meters", new { key, unit = "GB", aggregation = "sum", dimensions = new[] { "direction", "zone" } }, Sold.Ct);
        var any = await client.MeterAsync();

        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        using var read = await client.GetAsync(created.Headers.Location, Sold.Ct);
        (await read.JsonAsync()).GetProperty("dimensions").EnumerateArray().Select(d => d.GetString()).ShouldBe(["direction", "zone"]);
        var meters = await app.InAsync<ICatalog, IReadOnlyDictionary<string, MeterRef>>(c => c.MetersAsync(Sold.Ct));
        meters[key].Dimensions.ShouldBe(["direction", "zone"]);
        meters[any].Dimensions.ShouldBeEmpty();
    }

    [Fact]
    public async Task Dimensions_that_break_a_rule_are_refused()
    {
        using var client = await app.PlatformAsync();
        async Task<List<(string, string)>> Refused(params string[] dimensions)
        {
            var (answer, errors) = await client.PostAsJsonAsync(
                "/api/v1/meters", new { key = Sold.Key("m"), unit = "GB", aggregation = "sum", dimensions }, Sold.Ct).RefusedAsync();
            answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
            return errors;
        }

        (await Refused("a", "a", " ", "b\tc", new string('x', 65))).ShouldBe(
            [("/dimensions", "duplicate"), ("/dimensions/2", "dimension"), ("/dimensions/3", "dimension"), ("/dimensions/4", "dimension")]);
        (await Refused([.. Enumerable.Range(0, 21).Select(i => $"d{i}")])).ShouldBe([("/dimensions", "count")]);
    }
}
