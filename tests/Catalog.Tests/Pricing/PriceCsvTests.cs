using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Licensing.Catalog.Plans;
using Licensing.Catalog.Pricing;
using Licensing.Identity.Contracts;
using Npgsql;

namespace Licensing.Catalog.Tests.Pricing;

public sealed class PriceCsvTests(App app) : IClassFixture<App>
{
    private const string Header =
        "sku,meter,name,model,unitPrice,tiers,packageSize,packagePrice,freeUnits,chargeAtZero,includedUnits,percent,fixedFee,taxCategory";

    private static async Task<(string Text, string Tag)> ExportAsync(HttpClient client, JsonElement list, string query = "")
    {
        using var answer = await client.GetAsAsync($"/api/v1/pricing/{list.IdOf()}/items{query}", "text/csv");
        (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType).ShouldBe((HttpStatusCode.OK, "text/csv"));
        answer.Content.Headers.ContentDisposition!.FileName.ShouldBe($"{list.GetProperty("key").GetString()}.csv");
        return (await answer.Content.ReadAsStringAsync(Sold.Ct), answer.Headers.ETag!.Tag);
    }

    private static Task<HttpResponseMessage> ImportAsync(HttpClient client, JsonElement list, string csv, string query = "") =>
        ImportAsync(client, list, Encoding.UTF8.GetBytes(csv), query);

    private static Task<HttpResponseMessage> ImportAsync(HttpClient client, JsonElement list, byte[] csv, string query = "")
    {
        var content = new ByteArrayContent(csv) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } };
        return client.PostAsync($"/api/v1/pricing/{list.IdOf()}/import{query}", content, Sold.Ct);
    }

    private static async Task<string[]> ErrorsAsync(HttpResponseMessage dryRun) =>
        [.. (await dryRun.JsonAsync()).GetProperty("errors").EnumerateArray()
            .Select(e => $"{e.GetProperty("row").GetInt32()} {e.GetProperty("column").GetString()} {e.GetProperty("code").GetString()}")];

    private static object Priced(string sku, string meter, object price, string? name = null) => new { sku, meter, name = name ?? sku, price };

    [Fact]
    public async Task What_the_export_writes_the_import_reads_back_without_a_change()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        string[] awkward = ["=1+1", "'=1+1", "''@x", "'plain", "-5", "a,b", "quote\"d", "  spaced ", "+", "Größe"];
        var list = await client.ListAsync(
        [
            .. awkward.Select(sku => Lists.Item(sku, meter, "1.10", $"{sku} \"line\", break")),
            Priced("graduated", meter,
                new { model = "graduated", chargeAtZero = false,
                tiers = new object[] { new { upTo = "10.5", unitPrice = "2", flatFee = "3" }, new { unitPrice = "0.000001" } } }),
            Priced("volume", meter, new { model = "volume", tiers = new object[] { new { unitPrice = "12345678901234567890.12345678" } } }),
            Priced("package", meter, new { model = "package", packageSize = "10", packagePrice = "99.99", freeUnits = "3" }),
            Priced("bare package", meter, new { model = "package", packageSize = "10", packagePrice = "0" }),
        ]);

        var (csv, tag) = await ExportAsync(client, list);
        using var tried = await ImportAsync(client, list, csv, "?dryRun=true");
        using var done = await ImportAsync(client, list, csv);

        tag.ShouldBe("\"1\"");
        csv.Split("\r\n")[0].ShouldBe(Header);
        csv.ShouldContain($"graduated,{meter},graduated,graduated,,10.5:2:3;*:0.000001:0,,,,false,,,,\r\n");
        csv.ShouldContain($"package,{meter},package,package,,,10,99.99,3,true,,,,\r\n");
        csv.ShouldContain("\n'=1+1,");
        (await ErrorsAsync(tried)).ShouldBeEmpty();
        foreach (var answer in new[] { tried, done })
        {
            var view = await answer.JsonAsync();
            (view.GetProperty("rows").GetInt32(), view.GetProperty("changed").GetInt32()).ShouldBe((14, 0));
        }

        done.Headers.ETag!.Tag.ShouldBe("\"1\"");
        (await ExportAsync(client, list)).ShouldBe((csv, tag));
    }

    [Fact]
    public async Task Stairs_percentages_included_units_and_tax_categories_go_out_and_come_back()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync(
        [
            Priced("fees", meter, new { model = "percentage", percent = "1.3", fixedFee = "0.2", taxCategory = "AA" }),
            Priced("plan", meter, new { model = "stairstep", tiers = new object[] { new { upTo = "5", price = "10" }, new { price = "18" } } }),
            Priced("units", meter, new { model = "perUnit", unitPrice = "2", includedUnits = "3" }),
        ]);

        var (csv, _) = await ExportAsync(client, list);
        csv.ShouldBe($"{Header}\r\nfees,{meter},fees,percentage,,,,,,true,,1.3,0.2,AA\r\n" +
            $"plan,{meter},plan,stairstep,,5:10;*:18,,,,true,,,,\r\nunits,{meter},units,perUnit,2,,,,,true,3,,,\r\n");
        using var same = await ImportAsync(client, list, csv);
        using var dearer = await ImportAsync(client, list, $"sku,meter,percent,taxCategory,tiers\nfees,{meter},1.5,,\nplan,{meter},,,5:11;*:18");
        using var wrong = await ImportAsync(client, list, $"sku,meter,percent,taxCategory\nfees,{meter},-1,a\nplan,{meter},1,", "?dryRun=true");
        (await same.JsonAsync()).GetProperty("changed").GetInt32().ShouldBe(0);
        (await dearer.JsonAsync()).GetProperty("changed").GetInt32().ShouldBe(2);
        (await ErrorsAsync(wrong)).ShouldBe(["2 taxCategory not_a_tax_category", "2 percent out_of_range", "3 percent not_of_model"]);
    }

    [Fact]
    public async Task Few_columns_change_what_they_are_about_and_an_empty_cell_clears()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync(
        [
            Lists.Item("a", meter, "1", "Name"), Lists.Item("b", meter, "2"),
            Priced("p", meter, new { model = "package", packageSize = "10", packagePrice = "5", freeUnits = "3" }),
        ]);

        using var dearer = await ImportAsync(client, list, $"meter,unitPrice,sku\n{meter},1.5,a\n\n");
        using var cleared = await ImportAsync(client, list, $"sku,meter,freeUnits\np,{meter},");
        using var remodelled = await ImportAsync(client, list, $"sku,meter,model,unitPrice,tiers\nb,{meter},volume,,5:2:1;*:1:0");

        (await dearer.JsonAsync()).GetProperty("changed").GetInt32().ShouldBe(1);
        (cleared.StatusCode, remodelled.StatusCode).ShouldBe((HttpStatusCode.OK, HttpStatusCode.OK));
        (await ExportAsync(client, list)).Text.ShouldBe(
            $"{Header}\r\na,{meter},Name,perUnit,1.5,,,,,true,,,,\r\n" +
            $"b,{meter},b,volume,,5:2:1;*:1:0,,,,true,,,,\r\np,{meter},p,package,,,10,5,,true,,,,\r\n");
    }

    [Fact]
    public async Task A_dry_run_reports_every_row_and_changes_nothing_and_the_import_refuses_all_for_one()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync([Lists.Item("a", meter, "1"), Lists.Item("b", meter, "2"), Lists.Item("c", meter, "3")]);
        var csv = $"""
            sku,meter,name,unitPrice,tiers,chargeAtZero
            a,{meter},A,9,,true
            none,{meter},N,1,,true
            b,{meter},,-1,,true
            b,{meter},B,1,,true
            c,{meter},C,1e3,5:1,maybe
            c,{meter},C,1
            c,{meter},C,1,*:1:0,true

            """;

        using var tried = await ImportAsync(client, list, csv, "?dryRun=true");
        var (refused, errors) = await ImportAsync(client, list, csv).RefusedAsync();

        tried.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await ErrorsAsync(tried)).ShouldBe(
        [
            "3 sku unknown_item", "4 name name", "5 sku duplicate", "6 unitPrice malformed", "6 tiers malformed", "6 chargeAtZero malformed",
            "7  cells",
            "8 sku duplicate",
        ]);
        (await tried.JsonAsync()).GetProperty("changed").GetInt32().ShouldBe(1);
        refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        errors.Take(3).ShouldBe([("/rows/3/sku", "unknown_item"), ("/rows/4/name", "name"), ("/rows/5/sku", "duplicate")]);
        errors.Count.ShouldBe(8);
        (await client.PricesAsync(list)).ShouldBe(["a 1", "b 2", "c 3"]);
    }

    [Fact]
    public async Task The_rules_of_prices_hold_and_name_the_column()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync([Lists.Item("a", meter), Lists.Item("b", meter), Lists.Item("c", meter), Lists.Item("d", meter)]);

        using var tried = await ImportAsync(
            client,
            list,
            $"""
            sku,meter,model,unitPrice,tiers
            a,{meter},perUnit,-1,
            b,{meter},graduated,1,5:1:0;4:1:0;*:1:0
            c,{meter},flat,1,
            d,{meter},monthly,1,
            """,
            "?dryRun=true");

        (await ErrorsAsync(tried)).ShouldBe(
        [
            "2 unitPrice out_of_range", "3 unitPrice not_of_model", "3 tiers not_ascending", "4 model model_not_allowed", "4 unitPrice not_of_model",
            "4 amount required",
            "5 model malformed",
        ]);
    }

    [Theory]
    [InlineData("", "1 sku required_column|1 meter required_column")]
    [InlineData("sku,price\na,1", "1 meter required_column|1 price unknown_column")]
    [InlineData("sku,meter,meter\na,b,c", "1 meter duplicate")]
    [InlineData("sku,\"meter\na,b", "1  malformed_quotes|1 meter required_column|1 meter\na,b unknown_column")]
    public async Task A_header_that_cannot_be_used_is_refused(string csv, string expected)
    {
        using var client = await app.PlatformAsync();
        var list = await client.ListAsync([]);

        using var tried = await ImportAsync(client, list, csv, "?dryRun=true");

        string.Join('|', await ErrorsAsync(tried)).ShouldBe(expected);
    }

    [Fact]
    public async Task Of_many_errors_the_first_are_told_and_how_many_there_are()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync([]);
        var wrong = "sku,meter\n" + string.Concat(Enumerable.Range(0, 300).Select(i => $"{new string('x', 500)}{i},{meter}\n"));

        using var tried = await ImportAsync(client, list, wrong, "?dryRun=true");
        var view = await tried.JsonAsync();
        var (answer, errors) = await ImportAsync(client, list, wrong).RefusedAsync();
        using var broad = await ImportAsync(client, list, "sku,meter" + new string(',', 100_000), "?dryRun=true");
        using var named = await ImportAsync(client, list, $"sku,meter,{new string('n', 100_000)}", "?dryRun=true");

        view.GetProperty("errorCount").GetInt32().ShouldBe(300);
        view.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("row").GetInt32()).ShouldBe(Enumerable.Range(2, 100));
        view.GetRawText().Length.ShouldBeLessThan(30_000);
        errors.Count.ShouldBe(100);
        (await answer.JsonAsync()).GetProperty("detail").GetString()
            .ShouldBe("The file breaks rules in 300 places; the first 100 that were found are listed.");
        (await ErrorsAsync(broad)).ShouldBe(["1  too_many_columns"]);
        (await ErrorsAsync(named)).ShouldBe([$"1 {new string('n', 60)}… unknown_column"]);
    }

    [Fact]
    public async Task Only_rows_columns_and_bytes_that_can_be_read_are()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync([Lists.Item("a", meter), Lists.Item("b", meter)]);

        using var marked = await ImportAsync(
            client, list, [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes($"sku,meter,unitPrice\r\na,{meter},5\r\n")]);
        using var latin = await ImportAsync(client, list, [.. Encoding.ASCII.GetBytes($"sku,meter,name\na,{meter},"), 0xE4]);
        using var zero = await ImportAsync(client, list, $"sku,meter,name\na,{meter},\0", "?dryRun=true");
        using var many = await ImportAsync(client, list, "sku,meter\n" + string.Concat(Enumerable.Repeat($"x,{meter}\n", 10_001)), "?dryRun=true");
        using var large = await ImportAsync(client, list, new byte[8 * 1024 * 1024 + 1]);
        using var json = await client.PostAsync(
            $"/api/v1/pricing/{list.IdOf()}/import", new StringContent("{}", Encoding.UTF8, "application/json"), Sold.Ct);

        (await marked.JsonAsync()).GetProperty("changed").GetInt32().ShouldBe(1);
        (latin.StatusCode, await latin.CodeAsync()).ShouldBe((HttpStatusCode.BadRequest, "not_utf8"));
        (await ErrorsAsync(zero)).ShouldBe(["2  invalid_character"]);
        (await ErrorsAsync(many))[^1].ShouldBe("10002  too_many_rows");
        (large.StatusCode, await large.CodeAsync()).ShouldBe((HttpStatusCode.RequestEntityTooLarge, "body_too_large"));
        json.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
    }

    [Theory]
    [InlineData("a,m,\"Small\nb,m,Big\n", "2  malformed_quotes")]
    [InlineData("a,m,\"Small\nb,m,\"Big\"\nc,m,C\n", "2  malformed_quotes")]
    [InlineData("a,m,\"Small\" one\nb,m,Big\n", "2  malformed_quotes")]
    [InlineData("a,m,5\" pipe\nb,m,5\" bore\n", "2  malformed_quotes|3  malformed_quotes")]
    [InlineData("a,m,A\nb,m,\"", "3  malformed_quotes")]
    // Well formed, and yet the second row is in the name of the first.
    [InlineData("a,m,\"Small\nb,m,\"\nc,m,C\n", "2 name name")]
    [InlineData("a,m,\"Small\tone\"\nb,m,\"5\"\" pipe, \"\"big\"\"\"\n", "2 name name")]
    public async Task A_quote_takes_no_row_into_a_cell(string rows, string expected)
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync([Lists.Item("a", meter), Lists.Item("b", meter), Lists.Item("c", meter)]);
        var (before, csv) = (await ExportAsync(client, list), "sku,meter,name\n" + rows.Replace(",m,", $",{meter},", StringComparison.Ordinal));

        using var tried = await ImportAsync(client, list, csv, "?dryRun=true");
        using var done = await ImportAsync(client, list, csv);

        string.Join('|', await ErrorsAsync(tried)).ShouldBe(expected);
        done.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await ExportAsync(client, list)).ShouldBe(before);
    }

    [Fact]
    public async Task A_name_from_before_the_rule_stays_where_the_file_leaves_it_and_no_new_one_has_a_line_break()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync([Lists.Item("a", meter)]);
        await app.InAsync<NpgsqlDataSource, int>(async db =>
        {
            await using var command = db.CreateCommand("update catalog.price_list_items set name = E'Small\none' where price_list_id = $1");
            command.Parameters.Add(new() { Value = list.IdOf() });
            return await command.ExecuteNonQueryAsync(Sold.Ct);
        });

        using var priced = await ImportAsync(client, list, $"sku,meter,unitPrice\na,{meter},5\n");
        using var same = await ImportAsync(client, list, $"sku,meter,name,unitPrice\na,{meter},\"Small\none\",6\n");
        var (_, errors) = await client.PostAsJsonAsync("/api/v1/pricing", new
        {
            key = Sold.Key("list"),
            name = "List",
            scope = "Region",
            currency = "EUR",
            validFrom = "2026-01-01",
            region = "eu",
            items = new[] { Lists.Item("a", meter, name: "Small\none") },
        }, Sold.Ct).RefusedAsync();

        (priced.StatusCode, same.StatusCode).ShouldBe((HttpStatusCode.OK, HttpStatusCode.OK));
        (await client.PricesAsync(list)).ShouldBe(["a 6"]);
        errors.ShouldBe([("/items/0/name", "name")]);
    }

    [Fact]
    public async Task An_import_made_from_an_older_state_is_refused()
    {
        using var client = await app.PlatformAsync();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync([Lists.Item("a", meter)]);
        var (csv, tag) = await ExportAsync(client, list);
        using var between = await ImportAsync(client, list, $"sku,meter,unitPrice\na,{meter},7");
        client.DefaultRequestHeaders.Add("If-Match", tag);

        using var stale = await ImportAsync(client, list, csv);
        using var tried = await ImportAsync(client, list, csv, "?dryRun=true");

        (stale.StatusCode, tried.StatusCode).ShouldBe((HttpStatusCode.PreconditionFailed, HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task A_list_of_thousands_is_exported_whole_and_a_stranger_gets_none_of_a_tenants()
    {
        var branch = await app.BranchAsync();
        var other = await app.BranchAsync();
        using var client = branch.Administrator();
        var meter = await client.MeterAsync();
        var list = await client.ListAsync(
            [.. Enumerable.Range(0, 1_000).Select(i => Lists.Item($"s{i:0000}", meter))], "Tenant", tenant: branch.Tenant);

        using var insider = branch.As(Roles.TenantUser);
        using var outsider = other.As(Roles.TenantUser);
        using var hidden = await outsider.GetAsAsync($"/api/v1/pricing/{list.IdOf()}/items", "text/csv");

        (await ExportAsync(insider, list)).Text.Split("\r\n").Length.ShouldBe(1_002);
        (await ExportAsync(insider, list, "?sku=s0007")).Text.Split("\r\n").Length.ShouldBe(3);
        (hidden.StatusCode, await hidden.CodeAsync()).ShouldBe((HttpStatusCode.NotFound, "price_list_not_found"));
    }

    /// <summary>A field that the CSV does not know would be lost between export and import without a word.</summary>
    [Fact]
    public void Every_field_of_a_price_that_an_item_can_have_is_a_column() =>
        typeof(PriceBody).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name)).Except(["amount", "prorate"])
            .ShouldBe(PriceCsv.Columns.Select(c => c.Name).Except(["sku", "meter", "name"]), ignoreOrder: true);
}
