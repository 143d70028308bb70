using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Billing.Tests.Settlement;
using Licensing.Identity.Contracts;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Advance;

/// <summary>What tests of billing in advance need again and again.</summary>
internal static class AheadLines
{
    public static object SeatsAhead(string unitPrice) =>
        new { key = "seats", name = "Seats", feature = "seats", price = new { model = "perUnit", unitPrice }, inAdvance = true };

    public static object FlatAhead(string key, string amount, string? taxCategory = null) =>
        new { key, name = key, price = new { model = "flat", amount, taxCategory }, inAdvance = true };

    extension(SettlementApp app)
    {
        /// <summary>
        /// Each line of the tenant's invoices of the month: what, how much, its days, and what it is beside a line of the month itself.
        /// </summary>
        public async Task<string[]> ShownAsync(OrganizationRef tenant, string month)
        {
            var invoices = await app.InvoicesAsync(tenant, month);
            foreach (var (invoice, lines) in invoices)
            {
                // Of every invoice that is looked at: the lines are the invoice.
                lines.Sum(x => decimal.Parse(x.Amount("net"))).ShouldBe(decimal.Parse(invoice.Amount("net")));
                lines.Sum(x => decimal.Parse(x.Amount("tax"))).ShouldBe(decimal.Parse(invoice.Amount("tax")));
                foreach (var tax in invoice.GetProperty("taxes").EnumerateArray())
                    lines.Where(x => x.Text("taxCategory") == tax.Text("category") && x.Text("taxPercent") == tax.Text("percent"))
                        .Sum(x => decimal.Parse(x.Amount("tax"))).ShouldBe(decimal.Parse(tax.Amount("tax")));
            }

            return [.. invoices.SelectMany(x => x.Lines).Select(Shown)];
        }

        /// <summary>Withdraws the tenant's invoice of the month.</summary>
        public async Task VoidAsync(OrganizationRef tenant, string month)
        {
            using var platform = await app.PlatformAsync();
            var (path, _) = await app.InvoiceOfAsync(tenant, month);
            await Sent(await platform.PostAsJsonAsync($"{path}/void", new { reason = "wrong" }));
        }
    }

    private static string Shown(JsonElement line)
    {
        var days = line.GetProperty("days");
        var text = $"{line.Text("description")} {line.Amount("net")} {days.Text("start")[5..]}/{days.Text("end")[5..]}";
        if (line.GetProperty("aheadOf") is { ValueKind: JsonValueKind.Object } month)
            text += $" ahead of {month.Text("start")[..7]}";
        if (line.GetProperty("adjustment") is { ValueKind: JsonValueKind.Object } of)
            text += $", {of.GetProperty("month").Text("start")[..7]} #{of.GetProperty("number").GetInt32()}: "
                + $"{of.Amount("due")} - {of.Amount("before")}";
        return text;
    }
}
