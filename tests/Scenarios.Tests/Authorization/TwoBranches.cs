using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Npgsql;

namespace Licensing.Scenarios.Tests.Authorization;

/// <summary>Two branches of one tree, each with one of everything that an endpoint can name, billed and closed for one month.</summary>
public class TwoBranches : IAsyncLifetime
{
    public const string Month = "2025-12";

    private readonly Dictionary<string, string> _shared = [];

    public TwoBranches() : this(new App())
    {
    }

    protected TwoBranches(App app) => App = app;

    public App App { get; }

    /// <summary>The branch whose things are walked.</summary>
    public Ids Near { get; private set; } = null!;

    /// <summary>The branch from which nothing of <see cref="Near"/> may be seen.</summary>
    public Ids Far { get; private set; } = null!;

    protected Branch NearBranch { get; private set; } = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync()
    {
        await App.InitializeAsync();
        await CountFromAsync(734_000);
        var near = NearBranch = await App.BranchAsync();
        var far = await App.BranchAsync();
        await CatalogAsync(near);
        var nearIds = await FillAsync(near);
        var farIds = await FillAsync(far);
        await FillMoreAsync();
        await BillAsync(near, nearIds);
        await BillAsync(far, farIds);
        Near = new Ids(nearIds, near.As);
        Far = new Ids(farIds, far.As);
    }

    // The numbers of organisations name customers, and must not be found in whatever else an answer says.
    private Task<int> CountFromAsync(int code) => App.InAsync<NpgsqlDataSource, int>(async database =>
    {
        await using var connection = await database.OpenConnectionAsync(Ct);
        await using var begun = await connection.BeginTransactionAsync(Ct);
        await using var count = new NpgsqlCommand(
            $"""
            set local role none; select setval('identity.organization_codes', {code});
            select setval(pg_get_serial_sequence('identity.users', 'code'), {code + 100_000})
            """, connection, begun);
        await count.ExecuteNonQueryAsync(Ct);
        await begun.CommitAsync(Ct);
        return code;
    });

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await App.DisposeAsync();
    }

    /// <summary>What else there is to be before the month is billed and closed.</summary>
    protected virtual Task FillMoreAsync() => Task.CompletedTask;

    /// <summary>Whether the near branch's <paramref name="resource"/> lies in the subtree where <paramref name="role"/> is held there.</summary>
    public bool Reaches(string role, string resource) => Ids.LevelOf(role) <= resource switch
    {
        "-" or "period" or "plan" or "product" or "meter" or "pricelist" or "edition" or "coupon" => OrganizationKind.Tenant,
        "distributor" => OrganizationKind.Distributor,
        "partner" or "statement" or "payout" or "scheme" or "certificate" or "debit" => OrganizationKind.Partner,
        "operation" or "run" or "paymentorder" => OrganizationKind.Platform,
        _ => OrganizationKind.Tenant,
    };

    private async Task CatalogAsync(Branch branch)
    {
        var admin = branch.Administrator();
        _shared["meter"] = Id(await PostAsync(admin, "/api/v1/meters", new { key = "calls", unit = "Calls", aggregation = "sum" }));
        _shared["product"] = Id(
            await PostAsync(
            admin, "/api/v1/products", new { key = "calls", name = "Calls", features = new[] { new { key = "seats", name = "Seats" } } }));
        var plan = await PostAsync(admin, "/api/v1/plans", new
        {
            key = "calls",
            name = "Calls",
            product = "ccaas",
            currency = "EUR",
            charges = new[] { new { key = "seats", name = "Seats", feature = "essentialSeats",
                price = new { model = "perUnit", unitPrice = "10" } } },
        });
        _shared["plan"] = Id(plan);
        await PostAsync(admin, $"/api/v1/plans/{Id(plan)}/publish", null);
        _shared["pricelist"] = Id(await PostAsync(admin, "/api/v1/pricing", new
        {
            key = "calls",
            name = "Calls",
            scope = "Global",
            currency = "EUR",
            validFrom = "2025-01-01",
            items = Array.Empty<object>(),
        }));
        await PostAsync(admin, "/api/v1/directory/exchange-rates",
            new { rates = new[] { new { from = "EUR", to = "USD", date = "2025-12-31", rate = "1.08" } } });
        _shared["edition"] = Id(await PostAsync(admin, "/api/v1/license-editions", new
        {
            code = "M1",
            durationMonths = 1,
            quantity = "5 users",
            prices = new[] { new { amount = "5.00", currency = "EUR" } },
            names = new { EN = "Licence" },
        }));
        _shared["coupon"] = Id(await PostAsync(
            admin, "/api/v1/billing/coupons", new { code = "CALLS", name = "Calls", validFrom = "2025-01-01", percent = "10" }));
        await PutAsync(admin, "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "19", validFrom = "2025-01-01" });
    }

    protected async Task<Dictionary<string, string>> FillAsync(Branch branch)
    {
        var admin = branch.Administrator();
        var ids = new Dictionary<string, string>(_shared)
        {
            ["distributor"] = branch.Distributor.Id.Value.ToString(),
            ["partner"] = branch.Partner.Id.Value.ToString(),
            ["tenant"] = branch.Tenant.Id.Value.ToString(),
        };
        var user = await PostAsync(admin, "/api/v1/users", new
        {
            email = $"user-{branch.Tenant.Code}@example.com",
            displayName = "User",
            organizationId = ids["tenant"],
            password = "correct horse battery staple 1A",
        });
        ids["user"] = Id(user);
        ids["usercode"] = user["code"]!.ToString();
        ids["identity"] = (await App.LinkIdentityAsync(Guid.Parse(ids["user"]))).ToString();
        ids["session"] = await LoginAsync(App, admin, ids["user"], $"user-{branch.Tenant.Code}@example.com");
        ids["assignment"] = Id(
            await PutAsync(admin, "/api/v1/roles/assignments", new { userId = Id(user), role = Roles.TenantUser, organizationId = ids["tenant"] }));
        ids["apikey"] = Id(
            await PostAsync(admin, "/api/v1/api-keys", new { name = "key", organizationId = ids["tenant"], role = Roles.TenantAdministrator }));
        var client = await PostAsync(
            admin, "/api/v1/clients", new { name = "client", organizationId = ids["tenant"], role = Roles.TenantAdministrator });
        (ids["client"], ids["secretId"]) = (Id(client), client["secretId"]!.GetValue<string>());
        ids["role"] = Id(await PostAsync(admin, "/api/v1/roles", new
        {
            name = "Desk",
            level = "Tenant",
            organizationId = ids["tenant"],
            permissions = new[] { "identity.users.read" },
        }));
        ids["accountrole"] = Id(
            await PutAsync(admin, "/api/v1/roles/account-assignments", new { organizationId = ids["tenant"], role = Roles.TenantUser }));
        ids["certificate"] = Id(
            await PostAsync(admin, "/api/v1/certificates", new { organizationId = ids["partner"], pem = CertificatePem(), profile = "v2" }));
        await PostAsync(admin, "/api/v1/users", new
        {
            email = $"administrator-{branch.Tenant.Code}@example.com",
            displayName = "Administrator",
            organizationId = ids["tenant"],
            password = "correct horse battery staple 1A",
            role = Roles.TenantAdministrator,
        });
        ids["customer"] = $"{branch.Tenant.Code}";
        ids["license"] = (await PostAsync(
            branch.As(Roles.PartnerAdministrator), "/customerarea/licenses/demo", new { customer_code = branch.Tenant.Code }))
            ["content"]!["license_id"]!.GetValue<string>();
        ids["subscription"] = Id(await PostAsync(admin, "/api/v1/subscriptions", new
        {
            tenantId = ids["tenant"],
            planId = ids["plan"],
            quantities = new { essentialSeats = 5 },
            startDate = "2025-12-01",
        }));
        ids["quotarequest"] = Id(
            await PostAsync(
            admin, "/api/v1/quota-requests", new { subscriptionId = ids["subscription"], meter = "calls", limit = "9", reason = "walk" }));
        // Without the customer's own number in it.
        var number = $"+4930{branch.Tenant.Code - 700_000}";
        ids["number"] = Id(await PostAsync(admin, "/api/v1/numbers", new { number, country = "DE", type = "Geographic" }));
        await PostAsync(admin, "/api/v1/numbers/allocate", new { tenantId = ids["tenant"], numbers = new[] { number } });
        await UseAsync(admin, ids);
        ids["scheme"] = Id(await PostAsync(admin, "/api/v1/commissions/schemes", new
        {
            organizationId = ids["partner"],
            tiers = new[] { new { from = "0", to = (string?)null, percent = "10" } },
            validFrom = Month,
        }));
        // So far ahead that no test's clock gets there.
        var next = await App.PartnerAsync(branch.Platform, branch.Distributor);
        await PostAsync(admin, $"/api/v1/tenants/{ids["tenant"]}/transfer", new { partnerId = next.Id.Value, on = "2026-12-01", reason = "agreed" });
        await App.DrainAsync();
        return ids;
    }

    // What was recorded is taken back, so that the month is billed as if nobody had used anything.
    private static async Task UseAsync(HttpClient admin, Dictionary<string, string> ids)
    {
        await PostAsync(admin, "/api/v1/credit/top-ups", new
        {
            organizationId = ids["partner"],
            reference = "start",
            amount = new { amount = "5.00", currency = "EUR" },
        });
        ids["debit"] = Id(await PostAsync(admin, "/api/v1/credit/debits", new
        {
            organizationId = ids["partner"],
            reference = "debited",
            amount = new { amount = "1.00", currency = "EUR" },
        }));
        await PostAsync(admin, "/api/v1/credit/transfers", new
        {
            fromOrganizationId = ids["partner"],
            toOrganizationId = ids["tenant"],
            reference = "shared",
            amount = new { amount = "0.50", currency = "EUR" },
        });
        // Low already, so that there is an alert.
        ids["creditthreshold"] = Id(await PutAsync(
            admin, "/api/v1/credit/thresholds", new { organizationId = ids["tenant"], unit = "EUR", amount = "0.75" }));
        ids["topuprule"] = Id(await PutAsync(admin, "/api/v1/credit/top-up-rules",
            new { organizationId = ids["tenant"], unit = "credits", below = "5", amount = "5", timesPerMonth = 1 }));
        var record = new { id = "recorded", subscriptionId = ids["subscription"], meter = "calls", quantity = "1", start = "2025-12-10T00:00:00Z" };
        await PostAsync(admin, "/api/v1/usage", new { records = new[] { record } });
        ids["correction"] = Id(await PostAsync(
            admin, "/api/v1/usage/corrections", new { recordId = record.id, tenantId = ids["tenant"], action = "reverse", reason = "walk" }));
        ids["threshold"] = Id(await PostAsync(
            admin, "/api/v1/usage/thresholds", new { meter = "calls", basis = "quantity", levels = new[] { "10" }, tenantId = ids["tenant"] }));
    }

    protected static async Task<string> LoginAsync(App app, HttpClient admin, string userId, string email)
    {
        using var opened = await app.Anonymous()
            .PostAsJsonAsync("/api/v1/auth/login", new { email, password = "correct horse battery staple 1A" }, Ct);
        opened.EnsureSuccessStatusCode();
        return Id(await FirstAsync(admin, $"/api/v1/users/{userId}/sessions"));
    }

    protected async Task BillAsync(Branch branch, Dictionary<string, string> ids)
    {
        var admin = branch.Administrator();
        ids["operation"] = (await PostAsync(admin, $"/api/v1/billing/generate/{Month}", new { issue = true }))["operationId"]!.GetValue<string>();
        await App.DrainAsync();
        ids["invoice"] = Id(await FirstAsync(admin, $"/api/v1/invoices?period={Month}&tenantId={ids["tenant"]}"));
        ids["run"] = Id(await FirstAsync(admin, $"/api/v1/billing/runs?period={Month}"));
        ids["noteId"] = Id(await PostAsync(admin, $"/api/v1/invoices/{ids["invoice"]}/credit-notes", new
        {
            reason = "walk",
            lines = new[] { new { position = 1, amount = new { amount = "1.00", currency = "EUR" } } },
        }));
        ids["paymentId"] = Id(await PostAsync(admin, $"/api/v1/invoices/{ids["invoice"]}/payments", new
        {
            amount = new { amount = "1.00", currency = "EUR" },
            reference = "walked",
            paidOn = "2026-01-10",
        }));
        await PostAsync(admin, $"/api/v1/commissions/close/{Month}", null);
        ids["statement"] = Id(await FirstAsync(admin, $"/api/v1/commissions/statements?period={Month}&organizationId={ids["partner"]}"));
        foreach (var paid in new[] { branch.Platform.Id.Value.ToString(), ids["partner"] })
            await PutAsync(admin, $"/api/v1/commissions/bank-accounts/{paid}", new { holder = "Walked", iban = "DE89370400440532013000" });
        ids["payout"] = Id(await FirstAsync(admin, $"/api/v1/commissions/payouts?organizationId={ids["partner"]}"));
        var ordered = await PostAsync(admin, "/api/v1/commissions/payment-orders", new { currency = "EUR", organizationId = ids["partner"] });
        ids["paymentorder"] = ordered["order"]!["id"]!.GetValue<string>();
    }

    private static async Task<JsonObject> FirstAsync(HttpClient client, string path) =>
        (await client.GetFromJsonAsync<JsonObject>(path, Ct))!["items"]!.AsArray().Single()!.AsObject();

    protected static Task<JsonObject> PostAsync(HttpClient client, string path, object? body) => SendAsync(client, HttpMethod.Post, path, body);

    protected static Task<JsonObject> PutAsync(HttpClient client, string path, object body) => SendAsync(client, HttpMethod.Put, path, body);

    private static async Task<JsonObject> SendAsync(HttpClient client, HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await client.SendAsync(request, Ct);
        var text = await response.Content.ReadAsStringAsync(Ct);
        return response.IsSuccessStatusCode
            ? JsonSerializer.Deserialize<JsonObject>(text)!
            : throw new InvalidOperationException($"{method} {path}: {(int)response.StatusCode} {text}");
    }

    private static string CertificatePem()
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=reseller", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return certificate.ExportCertificatePem();
    }

    protected static string Id(JsonObject resource) => resource["id"]!.GetValue<string>();
}
