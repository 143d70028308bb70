using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Host.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Faults;

/// <summary>
/// A host with something of all that the common checker looks at: usage of each kind, some of it corrected, a month that is billed and issued,
/// a payment, a credit note, and prepaid credit that was spent and given back.
/// </summary>
public sealed class CheckedMonth : App
{
    private HttpClient _administrator = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public Guid Subscription { get; private set; }

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var branch = await this.BranchAsync();
        _administrator = branch.Administrator();
        await MeterAsync("calls", "sum", "site");
        await MeterAsync("machines", "unique");
        await MeterAsync("peak", "max");
        var plan = await IdAsync("plans", new
        {
            key = "checked",
            name = "Checked",
            product = "ccaas",
            currency = "EUR",
            charges = new object[]
            {
                new { key = "base", name = "Base", price = new { model = "flat", amount = "31.00" } },
                Charge("calls", "0.07"), Charge("machines", "2"), Charge("peak", "0.125"),
            },
        });
        await PostAsync($"plans/{plan}/publish", new { });
        (await _administrator.PutAsJsonAsync(
            "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "19", validFrom = "2025-01-01" }, Ct)).EnsureSuccessStatusCode();
        Subscription = await IdAsync("subscriptions", new
        {
            tenantId = branch.Tenant.Id.Value,
            planId = plan,
            quantities = new { essentialSeats = 10 },
            startDate = "2025-12-01",
        });
        await DrainAsync();
        await UseAsync(Record("a", "calls", "10.005"), Record("b", "calls", "7", day: 11), Record("wrong", "calls", "500"),
            Record("m1", "machines", resource: "one"), Record("m2", "machines", resource: "one", day: 11), Record("m3", "machines", resource: "two"),
            Record("p1", "peak", "3"), Record("p2", "peak", "5", day: 11), Record("back", "calls", "-4", day: 11));
        await CorrectAsync("wrong");
        await PostAsync("billing/generate/2025-12", new { issue = true });
        await DrainAsync();

        var invoice = (await StoredRowsAsync("select id::text from billing.invoices where status = 'Issued'")).Single();
        await PostAsync($"invoices/{invoice}/payments", new
        {
            amount = new { amount = "1.00", currency = "EUR" },
            reference = "paid",
            paidOn = "2026-01-10",
            method = "transfer",
        });
        await PostAsync($"invoices/{invoice}/credit-notes", new
        {
            reason = "Not delivered",
            lines = new[] { new { position = 1, amount = new { amount = "2.00", currency = "EUR" } } },
        });
        await branch.TopUpAsync("all", "10.00");
        using var debit = await branch.DebitAsync(_administrator, "a", "4.00");
        (await _administrator.PostAsync(debit.Headers.Location + "/reversal", null, Ct)).EnsureSuccessStatusCode();
        (await branch.DebitAsync(_administrator, "b", "1.00")).EnsureSuccessStatusCode();
    }

    public object Record(string id, string meter, string quantity = "1", int day = 10, string? resource = null) => new
    {
        id,
        subscriptionId = Subscription,
        meter,
        quantity,
        start = $"2025-12-{day}T12:00:00Z",
        resourceId = resource,
        dimensions = meter == "calls" ? new Dictionary<string, string> { ["site"] = id } : null,
    };

    public async Task UseAsync(params object[] records) =>
        (await PostAsync("usage", new { records })).GetProperty("rejected").GetArrayLength().ShouldBe(0);

    public Task CorrectAsync(string recordId) => PostAsync("usage/corrections", new { recordId, action = "reverse", reason = "wrong" });

    /// <summary>Whoever asks has merged what he asks about.</summary>
    public async Task MergeAsync() =>
        (await _administrator.GetAsync("/api/v1/usage/summary?period=2025-12&meter=calls", Ct)).EnsureSuccessStatusCode();

    public Task<List<string>> StoredRowsAsync(string sql) => this.RowsAsync(sql);

    /// <summary>A connection that may do what nobody may, and undoes it when it ends.</summary>
    public async Task<NpgsqlConnection> TamperAsync(string sql)
    {
        var connection = await Services.GetRequiredService<SchemaOwner>().Database.OpenConnectionAsync(Ct);
        await using var command = new NpgsqlCommand($"begin; set local session_replication_role = replica; {sql}", connection);
        await command.ExecuteNonQueryAsync(Ct);
        return connection;
    }

    private static object Charge(string meter, string unitPrice) =>
        new { key = meter, name = meter, meter, price = new { model = "perUnit", unitPrice } };

    private Task<JsonElement> MeterAsync(string key, string aggregation, params string[] dimensions) =>
        PostAsync("meters", new { key, unit = key, aggregation, dimensions });

    private async Task<Guid> IdAsync(string path, object body) => (await PostAsync(path, body)).GetProperty("id").GetGuid();

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        using var answer = await _administrator.PostAsJsonAsync($"/api/v1/{path}", body, Ct);
        answer.IsSuccessStatusCode.ShouldBeTrue($"{path}: {await answer.Content.ReadAsStringAsync(Ct)}");
        return await answer.JsonAsync();
    }
}
