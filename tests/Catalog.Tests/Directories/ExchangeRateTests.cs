using System.Net;
using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using Npgsql;

namespace Licensing.Catalog.Tests.Directories;

/// <summary>Each test has pairs of its own, since rates stay for ever.</summary>
public sealed class ExchangeRateTests(App app) : IClassFixture<App>
{
    private static object Rate(string pair, string date, string rate) => new { from = pair[..3], to = pair[4..], date, rate };

    private static Task<HttpResponseMessage> RecordAsync(HttpClient client, params object[] rates) =>
        client.PostAsJsonAsync("/api/v1/directory/exchange-rates", new { rates }, Sold.Ct);

    private static async Task<string> LatestAsync(HttpClient client, string pair, string on)
    {
        using var answer = await client.GetAsync($"/api/v1/directory/exchange-rates/latest?from={pair[..3]}&to={pair[4..]}&on={on}", Sold.Ct);
        if (!answer.IsSuccessStatusCode)
            return $"{(int)answer.StatusCode} {await answer.CodeAsync()}";
        var view = await answer.JsonAsync();
        return $"{view.GetProperty("date").GetString()} {view.GetProperty("rate").GetString()}";
    }

    [Fact]
    public async Task The_latest_on_or_before_a_day_is_answered_and_the_other_direction_is_not_assumed()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        using var recorded = await RecordAsync(client, Rate("EUR/USD", "2026-01-02", "1.08"), Rate("EUR/USD", "2026-01-05", "1.091234567890123456"),
            Rate("EUR/JPY", "2026-01-03", "163"));
        recorded.StatusCode.ShouldBe(HttpStatusCode.OK, await recorded.Content.ReadAsStringAsync(Sold.Ct));
        (await recorded.JsonAsync()).GetProperty("added").GetInt32().ShouldBe(3);
        using var user = branch.As(Roles.TenantUser);

        (await LatestAsync(user, "EUR/USD", "2026-01-01")).ShouldBe("404 exchange_rate_not_found");
        (await LatestAsync(user, "EUR/USD", "2026-01-02")).ShouldBe("2026-01-02 1.08");
        (await LatestAsync(user, "EUR/USD", "2026-01-04")).ShouldBe("2026-01-02 1.08");
        (await LatestAsync(user, "EUR/USD", "2026-12-31")).ShouldBe("2026-01-05 1.091234567890123456");
        (await LatestAsync(user, "USD/EUR", "2026-01-31")).ShouldBe("404 exchange_rate_not_found");
        (await LatestAsync(user, "EUR/XXX", "2026-01-31")).ShouldBe("400 invalid_parameter");
    }

    [Fact]
    public async Task A_rate_never_changes()
    {
        using var client = await app.PlatformAsync();
        using var first = await RecordAsync(client, Rate("GBP/CHF", "2026-01-02", "1.1"));

        using var same = await RecordAsync(client, Rate("GBP/CHF", "2026-01-02", "1.10"), Rate("GBP/CHF", "2026-01-03", "1.2"));
        var (other, errors) = await RecordAsync(client, Rate("GBP/CHF", "2026-01-04", "1.3"), Rate("GBP/CHF", "2026-01-02", "1.11"),
            Rate("GBP/CHF", "2026-01-03", "1.21")).RefusedAsync();

        var view = await same.JsonAsync();
        (view.GetProperty("added").GetInt32(), view.GetProperty("unchanged").GetInt32()).ShouldBe((1, 1));
        (other.StatusCode, await other.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "exchange_rate_fixed"));
        errors.ShouldBe([("/rates/1/rate", "exchange_rate_fixed"), ("/rates/2/rate", "exchange_rate_fixed")]);
        (await LatestAsync(client, "GBP/CHF", "2026-01-04")).ShouldBe("2026-01-03 1.2");
        foreach (var change in new[] { "update catalog.exchange_rates set rate = 2", "delete from catalog.exchange_rates" })
            (await Should.ThrowAsync<PostgresException>(() => app.InAsync<NpgsqlDataSource, int>(async db =>
            {
                await using var command = db.CreateCommand($"{change} where from_currency = 'GBP'");
                return await command.ExecuteNonQueryAsync(Sold.Ct);
            }))).MessageText.ShouldBe("an exchange rate never changes");
    }

    [Fact]
    public async Task Of_different_values_at_once_one_is_recorded_and_the_others_are_told()
    {
        using var client = await app.PlatformAsync();

        var answers = await Task.WhenAll(Enumerable.Range(1, 6)
            .Select(i => RecordAsync(client, Rate("SEK/NOK", "2026-01-02", $"1.{i}"), Rate("SEK/DKK", "2026-01-02", $"1.{i}"))));

        answers.Count(a => a.StatusCode is HttpStatusCode.OK).ShouldBe(1);
        foreach (var refused in answers.Where(a => a.StatusCode is not HttpStatusCode.OK))
            (refused.StatusCode, await refused.CodeAsync()).ShouldBe((HttpStatusCode.Conflict, "exchange_rate_fixed"));
        (await LatestAsync(client, "SEK/NOK", "2026-01-02")).ShouldBe(await LatestAsync(client, "SEK/DKK", "2026-01-02"));
    }

    [Fact]
    public async Task The_list_is_filtered_and_paged_latest_day_first()
    {
        using var client = await app.PlatformAsync();
        using var recorded = await RecordAsync(
            client, [.. Enumerable.Range(1, 5).Select(d => Rate("PLN/CZK", $"2025-03-0{d}", "5.8")), Rate("PLN/HUF", "2025-03-03", "95")]);

        var seen = new List<string>();
        string? after = null;
        do
        {
            using var answer = await client.GetAsync(
                $"/api/v1/directory/exchange-rates?from=PLN&since=2025-03-02&until=2025-03-05&limit=2{(after is null ? "" : $"&after={after}")}",
                Sold.Ct);
            var page = await answer.JsonAsync();
            seen.AddRange(page.GetProperty("items").EnumerateArray()
                .Select(i => $"{i.GetProperty("date").GetString()} {i.GetProperty("to").GetString()}"));
            after = page.GetProperty("next").GetString();
        }
        while (after is not null);

        seen.ShouldBe(["2025-03-04 CZK", "2025-03-03 CZK", "2025-03-03 HUF", "2025-03-02 CZK"]);
        using var wrong = await client.GetAsync("/api/v1/directory/exchange-rates?to=abc", Sold.Ct);
        using var backwards = await client.GetAsync("/api/v1/directory/exchange-rates?since=2025-03-02&until=2025-03-02", Sold.Ct);
        (await backwards.CodeAsync()).ShouldBe("invalid_parameter");
        (wrong.StatusCode, await wrong.CodeAsync()).ShouldBe((HttpStatusCode.BadRequest, "invalid_parameter"));
        using var cursor = await client.GetAsync("/api/v1/directory/exchange-rates?after=eHh4", Sold.Ct);
        (cursor.StatusCode, await cursor.CodeAsync()).ShouldBe((HttpStatusCode.BadRequest, "invalid_cursor"));
    }

    [Fact]
    public async Task What_breaks_a_rule_is_refused_all_at_once()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();

        var (answer, errors) = await RecordAsync(
            client, Rate("EUR/EUR", "2026-01-02", "1"), Rate("EUR/SGD", "2026-01-17", "1"), Rate("EUR/SGD", "1969-12-31", "0"),
            Rate("EUR/SGD", "2026-01-16", "1000000001"),
            Rate("EUR/SGD", "2026-01-16", "1")).RefusedAsync();
        var (none, count) = await RecordAsync(client).RefusedAsync();
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var forbidden = await RecordAsync(partner, Rate("EUR/SGD", "2026-01-02", "1"));

        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        errors.ShouldBe(
        [
            ("/rates/0/to", "same_currency"), ("/rates/1/date", "out_of_range"), ("/rates/2/date", "out_of_range"), ("/rates/2/rate", "out_of_range"),
            ("/rates/3/rate", "out_of_range"), ("/rates/4", "duplicate"),
        ]);
        (none.StatusCode, count.Single()).ShouldBe((HttpStatusCode.UnprocessableEntity, ("/rates", "count")));
        forbidden.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        (await LatestAsync(client, "EUR/SGD", "2026-12-31")).ShouldBe("404 exchange_rate_not_found");
    }
}
