using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Taxes;

/// <summary>Rates of organisations as tests set and read them.</summary>
internal static class OwnRates
{
    public static Task<HttpResponseMessage> SetAsync(
        this HttpClient client, OrganizationRef? of, string percent, string category = "S", string? chargedAs = null, string? country = null,
        string from = "2020-01-01", string? until = null, string? code = null, string? reason = null) =>
        client.PutAsJsonAsync("/api/v1/tax-rates", new
        {
            organizationId = of?.Id.Value,
            country,
            category,
            percent,
            validFrom = from,
            validUntil = until,
            chargedAs,
            exemptionCode = code,
            exemptionReason = reason,
        });

    /// <summary>The tenant's invoices of a month that stand: each line, then the taxes of the invoice.</summary>
    public static async Task<string[]> TaxedAsync(this BillingApp app, OrganizationRef tenant, string month)
    {
        using var platform = await app.PlatformAsync();
        var told = new List<string>();
        foreach (var invoice in await ItemsAsync(platform, $"/api/v1/invoices?period={month}&tenantId={tenant.Id.Value}"))
            if (invoice.Text("status") != "Void")
                told.AddRange(
                [
                    .. (await ItemsAsync(platform, $"/api/v1/invoices/{invoice.Text("id")}/lines"))
                        .Select(x => $"{x.Text("description")} {x.Amount("net")} {x.Text("taxCategory")} {Percent(x, "taxPercent")}"),
                    $"{invoice.Amount("net")} + {invoice.Amount("tax")}: {TaxesOf(invoice)}",
                ]);
        return [.. told];
    }

    /// <summary>Of an invoice or a credit note.</summary>
    public static string TaxesOf(JsonElement invoice) => string.Join("; ", invoice.GetProperty("taxes").EnumerateArray().Select(x =>
        $"{x.Text("category")} {Percent(x, "percent")} on {x.Amount("net")}"
        + string.Concat(((string[])["reasonCode", "reason"]).Select(name =>
            x.TryGetProperty(name, out var said) && said.ValueKind is JsonValueKind.String ? $" {said.GetString()}" : ""))).Order());

    private static string Percent(JsonElement of, string name) => $"{decimal.Parse(of.Text(name)):0.##}";
}
