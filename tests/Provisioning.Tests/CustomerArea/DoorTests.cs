using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests.CustomerArea;

/// <summary>What holds for every route of the customer area, and its routes about customers.</summary>
public sealed class DoorTests(SellingApp app) : IClassFixture<SellingApp>
{
    private const string Password = "maple-7-river";
    private static int _last;

    /// <summary>Every POST with the parameters that it cannot do without.</summary>
    public static TheoryData<string, string> Posts => new()
    {
        { "licenses/demo", "customer_code" },
        { "licenses/bulk", "customer_code license_code license_info" },
        { "licenses/activate", "customer_code license_id" },
        { "licenses/cancel", "customer_code license_id" },
        { "licenses/renew", "customer_code license_id" },
        { "customers/new", "company_name country_code customer_name email industry_code password" },
        { "customers/password", "customer_code password" },
    };

    [Theory, MemberData(nameof(Posts))]
    public async Task What_a_request_lacks_is_named_whole_in_any_form_of_body(string path, string needed)
    {
        var branch = await app.BranchAsync();
        using var client = branch.Partner();

        foreach (var (body, type) in ((string, string?)[])
            [("{}", "application/json"), ("", "application/json"), ("{}", null), ("", null), ("", "application/x-www-form-urlencoded"),
                ("lang=en", "application/x-www-form-urlencoded")])
            (await SentAsync(client, path, body, type)).ShouldBe($"422 {needed}", $"{type} {body}");
    }

    [Theory, MemberData(nameof(Posts))]
    public async Task A_value_that_is_none_is_told_of_its_parameter_and_nothing_is_done(string path, string needed)
    {
        var branch = await app.BranchAsync();
        using var client = branch.Partner();
        // Where the parameter is not one of the route's, that is what is told.
        foreach (var value in (string[])["{}", "[1]", "-1", "1.5", "1e0", "99999999999999999999", "true", "\"\\u0000\"", "\"\\ud800\"", "\"x\""])
            (await SentAsync(client, path, $"{{\"customer_code\":{value}}}", "application/json"))
                .ShouldBe($"422 {With(needed, "customer_code")}", value);
        (await SentAsync(client, path, $"{{\"customer_code\":{branch.Tenant.Code},\"customer_code\":{branch.Tenant.Code}}}", "application/json"))
            .ShouldBe($"422 {With(needed, "customer_code")}");
        (await SentAsync(client, path, "{\"other\":1}", "application/json")).ShouldBe($"422 {With(needed, "other")}");
        (await SentAsync(client, path, "{\"lang\":\"english\"}", "application/json")).ShouldBe($"422 {With(needed, "lang")}");
        (await SentAsync(client, path, "customer_code=x", "application/x-www-form-urlencoded")).ShouldBe($"422 {With(needed, "customer_code")}");
        (await SentAsync(client, path, "customer_code=1&customer_code=2", "application/x-www-form-urlencoded"))
            .ShouldBe($"422 {With(needed, "customer_code")}");

        (await client.StatesAsync(branch)).ShouldBe("");
        (await client.AreaAsync("GET", "customers")).GetProperty("content").GetArrayLength().ShouldBe(1);
    }

    [Theory, MemberData(nameof(Posts))]
    public async Task A_body_that_cannot_be_read_is_told_so_by_its_form(string path, string needed)
    {
        var branch = await app.BranchAsync();
        using var client = branch.Partner();
        needed.ShouldNotBeEmpty();
        const string NotJson = "400 ", NotAnObject = "400 The body must be a JSON object of parameters.",
        NotText = "400 A text in the body is not Unicode.";
        const string NotAForm = "400 The form in the body is not UTF-8, has no end or more than 64 parts.",
        NotTaken = "415 The body must be application/json or a form, in UTF-8.";
        foreach (var (body, type, told) in ((string, string?, string)[])
        [
            ("{", "application/json", NotJson), ("\u00ff\u00fe", "application/json", NotJson),
            ("{\"customer_code\":1}x", "application/json", NotJson),
            ("[]", "application/json", NotAnObject), ("null", "application/json", NotAnObject), ("\"x\"", "application/json", NotAnObject),
            ("{\"\\ud800\":1}", "application/json", NotText), ("%ff=1", "application/x-www-form-urlencoded", NotAForm),
            ("x", "multipart/form-data; boundary=a", NotAForm),
            ("<x/>", "application/xml", NotTaken), ("{}", "application/json; charset=utf-16", NotTaken), ("customer_code=1", null, NotJson),
        ])
            (await SentAsync(client, path, body, type)).ShouldStartWith(told, Case.Sensitive, $"{type} {body}");
    }

    /// <summary>
    /// Status, and what is at fault: the parameters in the order of their names, else the message. The envelope's code must be the status.
    /// </summary>
    private static async Task<string> SentAsync(HttpClient client, string path, string body, string? type)
    {
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes(body));
        if (type is not null)
            content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        using var answer = await client.PostAsync($"/customerarea/{path}", content, Ct);
        var told = await answer.JsonAsync();
        told.GetProperty("code").GetInt32().ShouldBe((int)answer.StatusCode, body);
        return $"{(int)answer.StatusCode} " + (told.TryGetProperty("errors", out var errors)
            ? string.Join(' ', errors.EnumerateObject().Select(e => e.Name).Order(StringComparer.Ordinal))
            : told.GetProperty("message").GetString());
    }

    private static string With(string needed, string parameter) =>
        string.Join(' ', needed.Split(' ').Append(parameter).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public async Task Everything_that_is_wrong_is_named_at_once()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Partner();

        (await client.RefusedAreaAsync("POST", "licenses/bulk",
            new { customer_code = "x", license_code = "", curency_code = "USD", accept_notifications = "maybe", currency_code = "XXX" })).ShouldBe(
            """422 {"code":422,"message":"The given data was invalid.","errors":{"curency_code":["curency_code is no parameter here; """
            + "known are customer_code, license_code, license_info, accept_notifications, currency_code, lang.\"]"
            + ""","customer_code":["customer_code must be a whole number of 0 or more."]"""
            + ""","license_code":["license_code is required."]"""
            + ""","license_info":["license_info is required."]"""
            + ""","accept_notifications":["accept_notifications must be true or false."]"""
            + ""","currency_code":["currency_code must be the code of an active ISO 4217 currency, such as EUR."]}}""");
        (await client.RefusedAreaAsync(
            "POST", "licenses/bulk", new { customer_code = branch.Tenant.Code, license_code = "none", license_info = "x" })).ShouldBe(
            """422 {"code":422,"message":"The given data was invalid.","errors":{"license_code":["license_code: no license none is on sale."]}}""");
        var edition = await branch.EditionAsync();
        (await client.RefusedAreaAsync(
            "POST", "licenses/bulk", new { customer_code = branch.Tenant.Code, license_code = edition, license_info = "x", currency_code = "USD" }))
            .ShouldBe(
                """422 {"code":422,"message":"The given data was invalid.","errors":"""
                + $$$"""{"currency_code":["currency_code: the license {{{edition}}} has no price in USD."]}}""");
        (await client.StatesAsync(branch)).ShouldBe("");
    }

    [Fact]
    public async Task Without_a_good_key_nobody_is_let_in_and_with_one_the_keys_owner_is()
    {
        var branch = await app.BranchAsync();
        using var nobody = app.Anonymous();
        (await nobody.RefusedAreaAsync("GET", "credit")).ShouldBe("""401 {"message":"Invalid token or unauthorized admin"}""");
        nobody.DefaultRequestHeaders.Add("X-API-KEY", "lk_nothing");
        (await nobody.RefusedAreaAsync("GET", "credit")).ShouldBe("""401 {"message":"Invalid token or unauthorized admin"}""");

        await branch.TopUpAsync("3.00");
        using var keyed = await KeyedAsync(branch);
        (await keyed.AreaAsync("GET", "credit")).GetProperty("content").GetProperty("balance").GetInt32().ShouldBe(3);
        (await keyed.AreaAsync("POST", "licenses/demo", new { customer_code = branch.Tenant.Code })).GetProperty("content").State()
            .ShouldBe("TrialActivated");
    }

    [Fact]
    public async Task Another_partners_customer_does_not_exist()
    {
        var (branch, other) = (await app.BranchAsync(), await app.BranchAsync());
        var edition = await branch.EditionAsync();
        await branch.TopUpAsync("10.00");
        await other.TopUpAsync("10.00");
        using var owner = branch.Partner();
        using var client = other.Partner();
        var license = (await owner.AssignAsync(branch, edition)).LicenseId();
        var (theirs, mine) = (branch.Tenant.Code, other.Tenant.Code);
        var notFound = $$"""404 {"code":404,"message":"There is no customer {{theirs}}."}""";

        foreach (var path in (string[])["licenses/available", "licenses", "customers/detail", "auth/token"])
            (await client.RefusedAreaAsync("GET", $"{path}?customer_code={theirs}")).ShouldBe(notFound, path);
        (await client.RefusedAreaAsync("POST", "licenses/demo", new { customer_code = theirs })).ShouldBe(notFound);
        (await client.RefusedAreaAsync("POST", "licenses/bulk", new { customer_code = theirs, license_code = edition, license_info = "x" }))
            .ShouldBe(notFound);
        (await client.RefusedAreaAsync("POST", "customers/password", new { customer_code = theirs, password = Password })).ShouldBe(notFound);
        foreach (var action in (string[])["activate", "cancel", "renew"])
        {
            (await client.RefusedAreaAsync("POST", $"licenses/{action}", new { license_id = license, customer_code = theirs })).ShouldBe(notFound);
            (await client.RefusedAreaAsync("POST", $"licenses/{action}", new { license_id = license, customer_code = mine }))
                .ShouldBe("""404 {"code":404,"message":"The customer has no such license."}""");
        }

        (await client.AreaAsync("GET", "customers")).GetProperty("content").EnumerateArray().Select(x => x.GetProperty("customer_code").GetInt32())
            .ShouldBe([mine]);
        (await branch.CreditAsync()).ShouldStartWith("5 EUR");
        (await other.CreditAsync()).ShouldStartWith("10 EUR");
    }

    [Fact]
    public async Task A_customer_is_opened_with_a_user_who_logs_in()
    {
        var branch = await app.BranchAsync();
        // A login link hangs on the right of a real credential.
        using var client = await KeyedAsync(branch);
        var email = $"owner-{Interlocked.Increment(ref _last)}@customer.example";
        var asked = new
        {
            email,
            password = "maple-7r",
            customer_name = "Ada",
            customer_surname = "Lovelace",
            country_code = "it",
            industry_code = "education",
            company_name = "School",
            phone = "+39 06 123",
            lang = "IT",
        };

        var code = (await client.AreaAsync("POST", "customers/new", asked)).GetProperty("content").GetProperty("customer_code").GetInt32();
        (await client.RefusedAreaAsync("POST", "customers/new", asked))
            .ShouldBe("""409 {"code":409,"message":"Another user has this e-mail address."}""");
        (await client.AreaAsync("GET", "customers")).GetProperty("content").GetArrayLength().ShouldBe(2);

        var shown = (await client.AreaAsync("GET", $"customers/detail?customer_code={code}")).GetProperty("content");
        shown.GetProperty("created_at").GetDateTimeOffset().ShouldBe(app.Clock.GetUtcNow());
        shown.GetRawText().ShouldStartWith(
            $$"""
            {"customer_code":{{code}},"company_name":"School","customer_name":"Ada Lovelace","email":"{{email}}","phone":"+39 06 123",
            "country_code":"IT","industry_code":"education","lang":"IT","active":true,"created_at":
            """.ReplaceLineEndings(""));
        (await client.AreaAsync("GET", "customers")).GetProperty("content").EnumerateArray()
            .ShouldContain(x => x.GetProperty("customer_code").GetInt32() == code);
        (await LoginAsync(email, "maple-7r")).ShouldBe(HttpStatusCode.OK);

        (await client.AreaAsync("POST", "customers/password", new { customer_code = code, password = Password })).GetProperty("content")
            .GetProperty("customer_code").GetInt32().ShouldBe(code);
        (await LoginAsync(email, "maple-7r")).ShouldBe(HttpStatusCode.Unauthorized);
        (await LoginAsync(email, Password)).ShouldBe(HttpStatusCode.OK);
        (await client.RefusedAreaAsync("POST", "customers/password", new { customer_code = code, password = "1234567" }))
            .ShouldBe(
                """422 {"code":422,"message":"The given data was invalid.","errors":{"password":["password must have 8 to 72 characters."]}}""");
        (await client.RefusedAreaAsync("POST", "customers/password", new { customer_code = code, password = "password1" }))
            .ShouldStartWith("""422 {"code":422,"message":"The given data was invalid.","errors":{"password":["password is one of""");

        var token = (await client.AreaAsync("GET", "auth/token", new { customer_code = code })).GetProperty("content");
        token.GetProperty("expiration").GetString().ShouldBe("15 min");
        using var anyone = app.Anonymous();
        var redeemed = await anyone.PostAsJsonAsync("/api/v1/auth/login-links/redeem", new { token = token.GetProperty("token").GetString() }, Ct);
        redeemed.StatusCode.ShouldBe(HttpStatusCode.OK, await redeemed.Content.ReadAsStringAsync(Ct));
        (await anyone.PostAsJsonAsync("/api/v1/auth/login-links/redeem", new { token = token.GetProperty("token").GetString() },
            Ct)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task What_a_new_customer_lacks_is_named_by_this_doors_names()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Partner();

        (await ErrorsAsync(client.SendAreaAsync("POST", "customers/new", new { industry_code = "nothing", password = "short" })))
            .ShouldBe(["company_name", "country_code", "customer_name", "email", "industry_code", "password"]);
        (await ErrorsAsync(
            client.SendAreaAsync("POST", "customers/new",
            new { email = "no", password = Password, customer_name = "A", country_code = "XX", industry_code = "it", company_name = "B" })))
            .ShouldBe(["country_code", "email"]);
        (await client.AreaAsync("POST", "customers/new", new
        {
            email = $"family-{Interlocked.Increment(ref _last)}@customer.example",
            password = Password,
            customer_name = "Ada",
            country_code = "DE",
            industry_code = "family",
        })).GetProperty("content").GetProperty("customer_code").GetInt32().ShouldBeGreaterThan(0);
        (await branch.As(Roles.DistributorAdministrator).RefusedAreaAsync("POST", "customers/new", new
        {
            email = "x@customer.example",
            password = Password,
            customer_name = "Ada",
            country_code = "DE",
            industry_code = "family",
        })).ShouldBe("""403 {"code":403,"message":"Customers are opened with the key of a partner."}""");
    }

    [Fact]
    public async Task An_unknown_parameter_is_one_wherever_it_stands()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Partner();
        const string Refused = """422 {"code":422,"message":"The given data was invalid.","errors":{""";
        (await client.RefusedAreaAsync("GET", "credit?currency=EUR")).ShouldStartWith($"{Refused}\"currency\":[");
        (await client.RefusedAreaAsync("GET", "credit", new { currency = "EUR" })).ShouldStartWith($"{Refused}\"currency\":[");
        (await client.RefusedAreaAsync("POST", "licenses/demo?customer_code=1", new { customer_code = branch.Tenant.Code }))
            .ShouldContain("customer_code");
        (await client.StatesAsync(branch)).ShouldBe("");
        (await client.GetAsync("/api/v1/tenants?partner=x", Ct).RefusalAsync()).ShouldBe("400 unknown_parameter ?partner unknown_parameter");
    }

    [Fact]
    public async Task A_tenants_own_people_are_not_its_callers()
    {
        var branch = await app.BranchAsync();
        await branch.EditionAsync();

        foreach (var role in (string[])[Roles.TenantAdministrator, Roles.TenantUser])
        {
            using var client = branch.As(role);
            foreach (var path in (string[])[$"licenses/available?customer_code={branch.Tenant.Code}", $"licenses?customer_code={branch.Tenant.Code}",
                "credit", "customers"])
                (await client.RefusedAreaAsync("GET", path)).ShouldStartWith("403 ", Case.Sensitive, path);
        }
    }

    [Fact]
    public async Task The_directories_tell_what_parameters_may_say()
    {
        var branch = await app.BranchAsync();
        await branch.EditionAsync(version: 3);
        using var client = branch.Partner();

        (await client.AreaAsync("GET", "directory/licenses/versions")).GetProperty("content").EnumerateArray()
            .ShouldContain(x => x.GetProperty("code").GetString() == "3");
        var currencies = new List<string>();
        JsonElement page;
        for (var after = ""; ; after = $"&after={page.GetProperty("next").GetString()}")
        {
            page = await client.AreaAsync("GET", $"directory/currencies?limit=50{after}");
            currencies.AddRange(page.GetProperty("content").EnumerateArray().Select(x => x.GetProperty("code").GetString()!));
            if (!page.TryGetProperty("next", out _))
                break;
        }

        currencies.ShouldBe(Currency.All.Select(x => x.Code).Order(StringComparer.Ordinal));
        var countries = (await client.AreaAsync("GET", "directory/countries?limit=2")).GetProperty("content").EnumerateArray();
        countries.Select(x => $"{x.GetProperty("code").GetString()} {x.GetProperty("name").GetString()}")
            .ShouldBe(["AD Andorra", "AE United Arab Emirates"]);
        (await client.AreaAsync("GET", "directory/countries?limit=200")).GetProperty("content").EnumerateArray()
            .Where(x => x.GetProperty("name").GetString()!.Length == 2).ShouldBeEmpty();
        (await client.AreaAsync("GET", "directory/industries?lang=EN")).GetProperty("content").EnumerateArray()
            .ShouldContain(x => x.GetProperty("code").GetString() == "family");
    }

    private async Task<HttpClient> KeyedAsync(Branch branch)
    {
        using var administrator = branch.Administrator();
        using var made = await administrator.PostAsJsonAsync(
            "/api/v1/api-keys", new { name = "erp", organizationId = branch.Partner.Id.Value, role = Roles.PartnerAdministrator }, Ct);
        var client = app.Anonymous();
        client.DefaultRequestHeaders.Add("X-API-KEY", (await made.JsonAsync()).Text("key"));
        return client;
    }

    private async Task<HttpStatusCode> LoginAsync(string email, string password)
    {
        using var anyone = app.Anonymous();
        using var answer = await anyone.PostAsJsonAsync("/api/v1/auth/login", new { email, password }, Ct);
        return answer.StatusCode;
    }

    private static async Task<string[]> ErrorsAsync(Task<HttpResponseMessage> request)
    {
        using var answer = await request;
        answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        return [.. (await answer.JsonAsync()).GetProperty("errors").EnumerateObject().Select(x => x.Name).Order(StringComparer.Ordinal)];
    }
}
