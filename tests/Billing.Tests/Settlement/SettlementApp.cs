using System.Text.Json;
using Licensing.Billing.Runs;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>A host to which the test says what comes late. Runs are of everyone, so each test takes a year of its own.</summary>
public class SettlementApp : BillingApp
{
    internal SaidChanges Changes { get; } = new();

    internal override BillingSettings Billing => new() { ChunkTenants = 2, Workers = 1, MostDeviationPercent = 0 };

    internal RunProbe Probe => Services.GetRequiredService<RunProbe>();

    /// <summary>Graduated: 7 units are 72.00, 12 are 115.00, 22 are 165.00.</summary>
    internal static object Calls => new
    {
        key = "calls",
        name = "Calls",
        meter = "calls",
        price = new
        {
            model = "graduated",
            tiers = new object[] { new { upTo = "10", unitPrice = "10", flatFee = "2" }, new { unitPrice = "5", flatFee = "3" } },
        },
    };

    protected override void Configure(WebApplicationBuilder builder)
    {
        base.Configure(builder);
        builder.Services.RemoveAll<IUsageChanges>();
        builder.Services.AddSingleton<IUsageChanges>(Changes);
    }

    /// <summary>More of a meter, or less of it, on a day that may be billed already.</summary>
    internal void Use(OrganizationRef tenant, SubscriptionId subscription, string day, string meter, string quantity, string sku = "")
    {
        Usage.Add(tenant, subscription, day, meter, quantity, sku);
        var on = DateOnly.Parse(day);
        Changes.Add(new ChangedMonth(tenant.Id, new DateOnly(on.Year, on.Month, 1)));
    }

    /// <summary>Every column of a tenant's invoices of a month and their lines.</summary>
    internal async Task<string> StoredAsync(OrganizationRef tenant, string month)
    {
        await using var command = Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(
            $"""
            select coalesce(string_agg(r.row, E'\n' order by r.row), '') from (
                select to_jsonb(i)::text as row from billing.invoices i where period_start = '{month}-01' and tenant_id = '{tenant.Id.Value}'
                union all
                select to_jsonb(l)::text from billing.invoice_lines l join billing.invoices i on i.id = l.invoice_id
                where i.period_start = '{month}-01' and i.tenant_id = '{tenant.Id.Value}') r
            """);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The tenant's invoices of a month that stand, each with its lines.</summary>
    internal async Task<List<(JsonElement Invoice, List<JsonElement> Lines)>> InvoicesAsync(OrganizationRef tenant, string month)
    {
        using var platform = await PlatformAsync();
        var found = new List<(JsonElement, List<JsonElement>)>();
        foreach (var invoice in await ItemsAsync(platform, $"/api/v1/invoices?period={month}&tenantId={tenant.Id.Value}"))
            if (invoice.GetProperty("status").GetString() != "Void")
                found.Add((invoice, await ItemsAsync(platform, $"/api/v1/invoices/{invoice.GetProperty("id").GetString()}/lines")));
        return found;
    }

    /// <summary>Each line as <c>description net, tax percent</c>, and of an adjustment what it adjusts.</summary>
    internal async Task<string[]> LinesAsync(OrganizationRef tenant, string month)
    {
        var invoices = await InvoicesAsync(tenant, month);
        return [.. invoices.SelectMany(x => x.Lines).Select(Line)];
    }

    private static string Line(JsonElement line)
    {
        string Amount(JsonElement of, string field) => of.GetProperty(field).GetProperty("amount").GetString()!;
        var percent = decimal.Parse(line.GetProperty("taxPercent").GetString()!);
        var text = $"{line.GetProperty("description").GetString()} {Amount(line, "net")} at {percent:0.##}";
        return line.GetProperty("adjustment") is { ValueKind: JsonValueKind.Object } of
            ? $"{text}, {of.GetProperty("month").GetProperty("start").GetString()} #{of.GetProperty("number").GetInt32()}: "
                + $"{Amount(of, "due")} - {Amount(of, "before")}"
            : text;
    }

    /// <summary>Net of all that stands for a tenant.</summary>
    internal async Task<decimal> NetAsync(OrganizationRef tenant, params string[] months)
    {
        var sum = 0m;
        foreach (var month in months)
            sum += (await InvoicesAsync(tenant, month)).Sum(x => decimal.Parse(x.Invoice.GetProperty("net").GetProperty("amount").GetString()!));
        return sum;
    }
}

/// <summary>Changes as Usage would tell them.</summary>
internal sealed class SaidChanges : IUsageChanges
{
    private readonly List<ChangedMonth> _said = [];

    public void Add(ChangedMonth month)
    {
        lock (_said)
            _said.Add(month);
    }

    /// <summary>Called before it tells: who asks has decided by then about which months.</summary>
    public Func<Task>? Asked { get; set; }

    public async Task<ChangedUsage> SinceAsync(UsageMark mark, Period months, IReadOnlyCollection<OrganizationId>? tenants, CancellationToken ct)
    {
        if (Asked is { } asked)
            await asked();
        lock (_said)
            return new ChangedUsage(
                [.. _said.Skip((int)mark.Value).Where(x => months.Contains(x.Month) && tenants?.Contains(x.TenantId) is not false).Distinct()],
                new UsageMark(_said.Count));
    }
}
