using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Tests.Letters;

/// <summary>What customers are told of their licences, through a real SMTP server.</summary>
public sealed class LicenseNoticeTests : IAsyncLifetime
{
    private const string User = "licensing";
    private const string Password = "open sesame";

    private Posting? _app;
    private SmtpServer? _server;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_notice_goes_to_the_customer_in_his_language()
    {
        var server = _server = await SmtpServer.StartAsync();
        var (branch, app) = await StartAsync(server, user: null, password: null, tls: false);
        await EditionAsync(branch, new { code = "D", demo = true, quantity = "1 user", names = new { EN = "Demo", IT = "Prova" } });
        await EditionAsync(branch,
            new
            {
                code = "M1",
                durationMonths = 1,
                quantity = "5 users",
                prices = new[] { new { amount = "5.00", currency = "EUR" } },
                names = new { EN = "Größe €", IT = "Misura" }
            });
        await TopUpAsync(branch);

        await AreaAsync(branch, "licenses/demo", new { customer_code = branch.Tenant.Code, lang = "it" });
        await AreaAsync(branch, "licenses/demo", new { customer_code = branch.Tenant.Code });
        await AreaAsync(branch, "licenses/bulk", new { customer_code = branch.Tenant.Code, license_code = "M1", license_info = "Head\r\nquarter" });
        await AreaAsync(branch, "licenses/bulk",
            new { customer_code = branch.Tenant.Code, license_code = "M1", license_info = "Silent", accept_notifications = "0" });
        (await server.LettersAsync()).ShouldBeEmpty();
        await app.DrainAsync();

        var letters = await server.LettersAsync();
        letters.Select(l => (l.To, l.From, l.Subject)).Order().ShouldBe(
        [
            ("contact@example.com", "\"Licensing\" <from@licensing.example>", "Platform: a demo licence for you"),
            ("contact@example.com", "\"Licensing\" <from@licensing.example>", "Platform: a demo licence for you"),
            ("contact@example.com", "\"Licensing\" <from@licensing.example>", "Platform: a licence for you"),
        ]);
        letters.Select(l => l.Text.Split("the licence ")[1].Split(':')[0]).Order(StringComparer.Ordinal)
            .ShouldBe(["Demo", "Größe € (Head quarter)", "Prova"]);
        letters.Select(l => l.Number).Distinct().Count().ShouldBe(3);
        await app.DrainAsync();
        (await server.LettersAsync()).Count.ShouldBe(3);
    }

    [Fact]
    public async Task Of_what_was_bought_for_him_a_customer_hears_in_the_language_that_he_was_opened_with()
    {
        var server = _server = await SmtpServer.StartAsync();
        var (branch, app) = await StartAsync(server, user: null, password: null, tls: false);
        var price = new { amount = "5.00", currency = "EUR" };
        var names = new { EN = "Size", IT = "Misura" };
        await EditionAsync(branch, new { code = "M1", durationMonths = 1, quantity = "5 users", prices = new[] { price }, names });
        await TopUpAsync(branch);
        var opened = await AreaAsync(branch, "customers/new", new
        {
            email = "ada@customer.example",
            password = "a long enough pass",
            customer_name = "Ada",
            country_code = "IT",
            industry_code = "family",
            lang = "it",
        });
        await app.DrainAsync();
        var before = (await server.LettersAsync()).Count;

        var code = opened.GetProperty("content").GetProperty("customer_code").GetInt32();
        await AreaAsync(branch, "licenses/bulk", new { customer_code = code, license_code = "M1", license_info = "x" });
        // Of one that was opened elsewhere it is what the partner asks for.
        await AreaAsync(branch, "licenses/bulk", new { customer_code = branch.Tenant.Code, license_code = "M1", license_info = "y", lang = "it" });
        await AreaAsync(branch, "licenses/bulk", new { customer_code = branch.Tenant.Code, license_code = "M1", license_info = "z" });
        await app.DrainAsync();

        (await server.LettersAsync()).Skip(before).Select(l => l.Text.Split("the licence ")[1].Split(':')[0]).Order(StringComparer.Ordinal)
            .ShouldBe(["Misura (x)", "Misura (y)", "Size (z)"]);
    }

    [Fact]
    public async Task While_the_server_is_down_or_busy_a_notice_waits_and_then_it_comes_once()
    {
        var server = _server = await SmtpServer.StartAsync();
        var (branch, app) = await StartAsync(server, user: null, password: null, tls: false);
        await server.GoDownAsync();
        await AreaAsync(branch, "licenses/demo", new { customer_code = branch.Tenant.Code });

        await app.DrainAsync();
        await AgainAsync(app);
        await server.ComeUpAsync();
        await server.RefuseAsync(2);
        (await server.AttemptsAsync()).ShouldBe(0);
        await AgainAsync(app);
        await AgainAsync(app);
        (await server.AttemptsAsync()).ShouldBe(2);
        (await server.LettersAsync()).ShouldBeEmpty();
        await AgainAsync(app);
        await AgainAsync(app);

        (await server.LettersAsync()).ShouldHaveSingleItem().To.ShouldBe("contact@example.com");
        (await server.AttemptsAsync()).ShouldBe(3);
        (await WaitingAsync(app)).ShouldBe(["0"]);
    }

    [Fact]
    public async Task With_the_password_of_the_settings_a_notice_goes_out_under_TLS()
    {
        var server = _server = await SmtpServer.StartAsync(User, Password, tls: true);
        var (branch, app) = await StartAsync(server, User, Password, tls: true);
        await AreaAsync(branch, "licenses/demo", new { customer_code = branch.Tenant.Code });

        using (Trusting(server.Fingerprint!))
            await app.DrainAsync();

        var letter = (await server.LettersAsync()).ShouldHaveSingleItem();
        (letter.Secure, letter.User, letter.To).ShouldBe((true, User, "contact@example.com"));
    }

    [Theory]
    [InlineData("another password", true, true, true)]
    [InlineData("no password", true, true, true)]
    // Nobody knows whose certificate it is: the password is not shown to whoever has it.
    [InlineData(Password, true, true, false)]
    // TLS is asked for and not to be had: nothing is sent in the clear.
    [InlineData(Password, false, true, true)]
    [InlineData(Password, true, false, true)]
    public async Task Without_the_password_or_TLS_that_is_asked_for_nothing_is_handed_over_and_the_notice_waits(
        string password, bool offersTls, bool asksForTls, bool trusted)
    {
        var server = _server = await SmtpServer.StartAsync(User, Password, offersTls);
        var (branch, app) = await StartAsync(server, password == "no password" ? null : User, password, asksForTls);
        await AreaAsync(branch, "licenses/demo", new { customer_code = branch.Tenant.Code });

        using (trusted && server.Fingerprint is { } fingerprint ? Trusting(fingerprint) : null)
        {
            await app.DrainAsync();
            await AgainAsync(app);
        }

        (await server.LettersAsync()).ShouldBeEmpty();
        (await WaitingAsync(app)).ShouldBe(["1"]);
    }

    private async Task<(Branch, App)> StartAsync(SmtpServer server, string? user, string? password, bool tls)
    {
        var app = _app = new Posting(new Dictionary<string, string?>
        {
            ["Mail:From"] = "Licensing <from@licensing.example>",
            ["Mail:Smtp:Host"] = "127.0.0.1",
            ["Mail:Smtp:Port"] = $"{server.Port}",
            ["Mail:Smtp:User"] = user,
            ["Mail:Smtp:Password"] = password,
            ["Mail:Smtp:Tls"] = $"{tls}",
        });
        await app.InitializeAsync();
        var branch = await app.BranchAsync();
        using var administrator = branch.Administrator();
        (await administrator.PatchAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}", new { contact = new { email = "contact@example.com" } }, Ct)).EnsureSuccessStatusCode();
        await app.DrainAsync();
        return (branch, app);
    }

    // Longer than the longest wait between two tries.
    private static Task AgainAsync(App app)
    {
        app.Clock.Advance(TimeSpan.FromMinutes(16));
        return app.DrainAsync();
    }

    private static Task<List<string>> WaitingAsync(App app) =>
        app.RowsAsync("select count(*)::text from provisioning.outbox where name = 'kernel.letter-posted.v1'");

    // As if the machine's store held it. The mail client of the platform has no other way to be told.
#pragma warning disable SYSLIB0014
    private static Untrust Trusting(string fingerprint)
    {
        ServicePointManager.ServerCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == fingerprint;
        return new Untrust();
    }

    private sealed class Untrust : IDisposable
    {
        public void Dispose() => ServicePointManager.ServerCertificateValidationCallback = null;
    }
#pragma warning restore SYSLIB0014

    private static async Task EditionAsync(Branch branch, object edition)
    {
        using var administrator = branch.Administrator();
        using var answer = await administrator.PostAsJsonAsync("/api/v1/license-editions", edition, Ct);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Ct));
    }

    private static async Task TopUpAsync(Branch branch)
    {
        using var distributor = branch.As(Roles.DistributorAdministrator);
        using var answer = await distributor.PostAsJsonAsync(
            "/api/v1/credit/top-ups",
            new { organizationId = branch.Partner.Id.Value, reference = "payment", amount = new { amount = "50.00", currency = "EUR" } }, Ct);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Ct));
    }

    private static async Task<JsonElement> AreaAsync(Branch branch, string path, object parameters)
    {
        using var partner = branch.As(Roles.PartnerAdministrator);
        using var answer = await partner.PostAsJsonAsync($"/customerarea/{path}", parameters, Ct);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(Ct));
        return await answer.JsonAsync();
    }

    private sealed class Posting(IReadOnlyDictionary<string, string?> settings) : App
    {
        protected override IReadOnlyDictionary<string, string?> Settings => settings;
    }
}
