using System.Net;
using System.Net.Http.Json;
using Npgsql;

namespace Licensing.Catalog.Tests.LicenseEditions;

/// <summary>What a demo is of must not depend on whom one asks: one demo edition is on sale, in a database of its own.</summary>
public sealed class DemoEditionTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task One_demo_edition_is_on_sale_however_many_are_made_at_once()
    {
        using var administrator = await app.PlatformAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => administrator.PostAsJsonAsync(
            "/api/v1/license-editions", new { code = $"DEMO-{i}", demo = true, quantity = "1 user", names = new { EN = "Demo" } }, Sold.Ct)));

        answers.Count(a => a.StatusCode is HttpStatusCode.Created).ShouldBe(1);
        foreach (var refused in answers.Where(a => a.StatusCode is not HttpStatusCode.Created))
            $"{(int)refused.StatusCode} {await refused.CodeAsync()}".ShouldBe("409 edition_demo_taken");
        // Also where nobody has looked before.
        const string Another =
            """
            insert into catalog.license_editions
            select (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid(), 'code', 'ANOTHER'))).* from catalog.license_editions e
            where demo and on_sale
            """;
        (await Should.ThrowAsync<PostgresException>(() => app.RowsAsync(Another))).ConstraintName.ShouldBe("license_editions_one_demo");
    }
}
