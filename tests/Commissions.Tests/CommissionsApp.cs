using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Contracts;
using Licensing.Identity.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Licensing.Commissions.Tests;

/// <summary>The host with issued invoices said by the test. A close is of everyone, so each test takes a month of its own.</summary>
public class CommissionsApp : App
{
    internal SaidInvoices Invoices { get; } = new();

    protected override void Configure(WebApplicationBuilder builder)
    {
        builder.Services.RemoveAll<IInvoicedAmounts>();
        builder.Services.AddSingleton<IInvoicedAmounts>(Invoices);
        builder.Services.RemoveAll<IBillingProgress>();
        builder.Services.AddSingleton<IBillingProgress>(Invoices);
    }

    internal static object Tier(string from, string? to, string percent) => new { from, to, percent };

    /// <summary>Up to 1,000 5 %, up to 5,000 8 %, above 10 %.</summary>
    internal static object[] Usual { get; } = [Tier("0", "1000", "5"), Tier("1000", "5000", "8"), Tier("5000", null, "10")];

    internal static async Task<JsonElement> SchemeAsync(
        HttpClient platform, OrganizationRef organization, object[] tiers, string mode = "Graduated", string basis = "Own",
        string validFrom = "2024-01") =>
        await Sent(await platform.PostAsJsonAsync(
            "/api/v1/commissions/schemes", new { organizationId = organization.Id.Value, mode, basis, tiers, validFrom }));

    internal static async Task<List<JsonElement>> ItemsAsync(HttpClient client, string path) =>
        [.. (await Sent(await client.GetAsync(path))).GetProperty("items").EnumerateArray()];

    internal static async Task<JsonElement> Sent(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue(text);
        return JsonDocument.Parse(text).RootElement.Clone();
    }
}

/// <summary>Invoices as Billing would tell them.</summary>
internal sealed class SaidInvoices : IInvoicedAmounts, IBillingProgress
{
    private readonly List<(Period Period, InvoicedNet Invoice)> _said = [];

    public HashSet<Period> Unfinished { get; } = [];

    /// <summary>Awaited before the invoices of a period are told, when the schemes have been read.</summary>
    public Func<Period, Task>? BeforeTold { get; set; }

    public void Issue(string month, OrganizationRef tenant, string net, string currency = "EUR")
    {
        lock (_said)
            _said.Add((Period.Parse(month), new InvoicedNet(
                Id.New<InvoiceId>(DateTimeOffset.UnixEpoch), $"1-2026-{_said.Count + 1:000000}", tenant.Id, tenant.Path,
                new Money(decimal.Parse(net), Currency.Parse(currency)))));
    }

    public async Task<IReadOnlyList<InvoicedNet>> OfPeriodAsync(Period period, Scope scope, CancellationToken ct)
    {
        if (BeforeTold is { } before)
            await before(period);
        lock (_said)
            return [.. _said
                .Where(x => x.Period == period && scope.Contains(x.Invoice.OwnerPath)).Select(x => x.Invoice)
                .OrderBy(x => x.OwnerPath, StringComparer.Ordinal).ThenBy(x => x.Number, StringComparer.Ordinal)];
    }

    public Task<bool> IsFinishedAsync(Period period, CancellationToken ct) => Task.FromResult(!Unfinished.Contains(period));
}
