using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Catalog.Tests.Meters;

public sealed class MeterTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task A_meter_is_read_back_by_everyone()
    {
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        var key = Sold.Key("vm.hours");
        using var created = await administrator.PostAsJsonAsync("/api/v1/meters", new { key, unit = "GB-Hours", aggregation = "last" }, Sold.Ct);

        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        created.Headers.ETag!.Tag.ShouldBe("\"1\"");
        foreach (var role in Roles.All)
        {
            using var reader = branch.As(role);
            using var read = await reader.GetAsync(created.Headers.Location, Sold.Ct);
            var meter = await read.JsonAsync();
            (meter.GetProperty("key").GetString(), meter.GetProperty("unit").GetString(), meter.GetProperty("aggregation").GetString())
                .ShouldBe((key, "GB-Hours", "last"));
            using var listed = await reader.GetAsync($"/api/v1/meters?key={key}", Sold.Ct);
            (await listed.JsonAsync()).GetProperty("items").GetArrayLength().ShouldBe(1);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("Hours")]
    [InlineData("-hours")]
    [InlineData("hours\n")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234")]
    public async Task A_key_has_one_form(string key)
    {
        using var client = await app.PlatformAsync();

        var (answer, errors) = await client.PostAsJsonAsync("/api/v1/meters", new { key, unit = "h", aggregation = "sum" }, Sold.Ct).RefusedAsync();

        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        errors.ShouldBe([("/key", "invalid_key")]);
    }

    [Fact]
    public async Task A_key_is_taken_once_whoever_comes_first()
    {
        using var client = await app.PlatformAsync();
        var body = new { key = Sold.Key("meter"), unit = "h", aggregation = "sum" };

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => client.PostAsJsonAsync("/api/v1/meters", body, Sold.Ct)));

        answers.Count(a => a.StatusCode is HttpStatusCode.Created).ShouldBe(1);
        foreach (var refused in answers.Where(a => a.StatusCode is not HttpStatusCode.Created))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.Conflict);
            (await refused.CodeAsync()).ShouldBe("meter_key_taken");
        }
    }

    [Fact]
    public async Task What_is_unknown_or_malformed_is_refused()
    {
        using var client = await app.PlatformAsync();

        using var property = await client.PostAsJsonAsync(
            "/api/v1/meters", new { key = "m", unit = "h", aggregation = "sum", colour = "red" }, Sold.Ct);
        property.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var aggregation = await client.PostAsJsonAsync("/api/v1/meters", new { key = "m", unit = "h", aggregation = "median" }, Sold.Ct);
        aggregation.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var id = await client.GetAsync($"/api/v1/meters/{Guid.Empty}", Sold.Ct);
        (id.StatusCode, await id.CodeAsync()).ShouldBe((HttpStatusCode.NotFound, "meter_not_found"));
    }

    [Fact]
    public async Task Only_the_platforms_administrators_write()
    {
        var branch = await app.BranchAsync();
        foreach (var role in Roles.All.Where(r => r != Roles.PlatformAdministrator))
            foreach (var route in new[] { "meters", "products", "plans", "pricing" })
            {
                using var client = branch.As(role);
                object body = route switch
                {
                    "meters" => new { key = "m", unit = "h", aggregation = "sum" },
                    "products" => new { key = "p", name = "P", features = new[] { new { key = "a", name = "A" } } },
                    "plans" => new { key = "p", name = "P", product = "ccaas", currency = "EUR", charges = Array.Empty<object>() },
                    _ => new { key = "l", name = "L", scope = "Global", currency = "EUR", validFrom = "2026-01-01" },
                };
                using var answer = await client.PostAsJsonAsync($"/api/v1/{route}", body, Sold.Ct);
                answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden, $"{role} {route}");
            }
    }
}
