using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Invoices;

/// <summary>What tests of invoices need again and again.</summary>
internal static class IssuedInvoices
{
    private static int _plan;

    extension(BillingApp app)
    {
        /// <summary>Bills the tenant for the month by these flat charges and answers the invoice's path and figures.</summary>
        public async Task<(string Path, JsonElement Invoice)> InvoiceAsync(Branch branch, string month, bool issue, params string[] charges)
        {
            var key = $"plan-{Interlocked.Increment(ref _plan)}";
            app.Subscribe(branch.Tenant, await app.PlanAsync(key, [.. charges.Select((amount, i) => Flat($"charge-{i}", amount))]), month);
            await app.BillAsync(month, issue);
            return await app.InvoiceOfAsync(branch.Tenant, month);
        }

        /// <summary>The invoice of the month that is not void.</summary>
        public async Task<(string Path, JsonElement Invoice)> InvoiceOfAsync(OrganizationRef tenant, string month)
        {
            using var platform = await app.PlatformAsync();
            var invoice = (await ItemsAsync(platform, $"/api/v1/invoices?period={month}&tenantId={tenant.Id.Value}"))
                .Single(x => x.GetProperty("status").GetString() != "Void");
            return ($"/api/v1/invoices/{invoice.GetProperty("id").GetString()}", invoice);
        }

        public Task<PostgresException> RefusedAsync(string sql) => app.InAsync<DbSession, PostgresException>(async session =>
        {
            await using var command = new NpgsqlCommand(sql, await session.OpenAsync(CancellationToken.None));
            return await Should.ThrowAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
        });

        public Task<T?> ScalarAsync<T>(string sql) => app.InAsync<DbSession, T?>(async session =>
        {
            await using var command = new NpgsqlCommand(sql, await session.OpenAsync(CancellationToken.None));
            return await command.ExecuteScalarAsync() is T value ? value : default;
        });
    }

    public static Task<HttpResponseMessage> PayAsync(
        this HttpClient client, string invoice, string amount, string reference, string paidOn = "2026-01-10") =>
        client.PostAsJsonAsync($"{invoice}/payments", new { amount = new { amount, currency = "EUR" }, reference, paidOn, method = "transfer" });

    public static Task<HttpResponseMessage> CreditAsync(this HttpClient client, string invoice, params (int Position, string? Amount)[] lines) =>
        client.PostAsJsonAsync($"{invoice}/credit-notes", new
        {
            reason = "Not delivered",
            lines = lines.Select(x => new { position = x.Position, amount = x.Amount is null ? null : new { amount = x.Amount, currency = "EUR" } }),
        });

    public static Task<HttpResponseMessage> CreditInFullAsync(this HttpClient client, string invoice) =>
        client.PostAsJsonAsync($"{invoice}/credit-notes", new { reason = "Not delivered", full = true });

    public static string Amount(this JsonElement view, string property) => view.GetProperty(property).GetProperty("amount").GetString()!;

    /// <summary>A line as <c>charge or SKU, days, quantity, net, tax</c>.</summary>
    public static string Billed(this JsonElement line) =>
        $"{line.GetProperty("chargeKey").GetString() ?? line.Text("sku")} "
        + $"{line.GetProperty("days").Text("start")}/{line.GetProperty("days").Text("end")} "
        + $"x{line.Text("quantity")} {line.Amount("net")} +{line.Amount("tax")}";

    public static string Text(this JsonElement view, string property) => view.GetProperty(property).GetString()!;
}
