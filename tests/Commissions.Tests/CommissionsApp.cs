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

    /// <summary>Awaited before an organisation is closed, when all that could keep it has been asked.</summary>
    internal Func<Task>? BeforeClosed { get; set; }

    protected override void Configure(WebApplicationBuilder builder)
    {
        builder.Services.RemoveAll<IInvoicedAmounts>();
        builder.Services.AddSingleton<IInvoicedAmounts>(Invoices);
        builder.Services.RemoveAll<IBillingProgress>();
        builder.Services.AddSingleton<IBillingProgress>(Invoices);
        builder.Services.AddScoped<IHoldsOrganization>(_ => new Pause(this));
    }

    private sealed class Pause(CommissionsApp app) : IHoldsOrganization
    {
        public async Task<Holding?> HeldAsync(OrganizationId id, string path, CancellationToken ct)
        {
            if (app.BeforeClosed is { } before)
                await before();
            return null;
        }
    }

    internal static object Tier(string from, string? to, string percent) => new { from, to, percent };

    /// <summary>Up to 1,000 5 %, up to 5,000 8 %, above 10 %.</summary>
    internal static object[] Usual { get; } = [Tier("0", "1000", "5"), Tier("1000", "5000", "8"), Tier("5000", null, "10")];

    internal static async Task<JsonElement> SchemeAsync(
        HttpClient platform, OrganizationRef organization, object[] tiers, string mode = "Graduated", string basis = "Own",
        string validFrom = "2024-01", int holdingDays = 0, string? minimumPayout = null, object[]? rates = null) =>
        await Sent(await platform.PostAsJsonAsync("/api/v1/commissions/schemes", new
        {
            organizationId = organization.Id.Value,
            mode,
            basis,
            tiers,
            validFrom,
            holdingDays,
            rates = rates ?? [],
            minimumPayout = minimumPayout is null ? null : new { amount = minimumPayout, currency = $"{organization.Currency}" },
        }));

    internal static async Task CloseAsync(HttpClient platform, string month) =>
        await Sent(await platform.PostAsync($"/api/v1/commissions/close/{month}", null));

    internal static async Task<JsonElement> StatementAsync(HttpClient client, OrganizationRef of, string month) =>
        (await ItemsAsync(client, $"/api/v1/commissions/statements?period={month}&organizationId={of.Id.Value}")).ShouldHaveSingleItem();

    /// <summary>Each line as <c>month net commission reverses</c>.</summary>
    internal static async Task<List<string>> LinesAsync(HttpClient client, JsonElement statement) =>
        [.. (await ItemsAsync(client, $"/api/v1/commissions/statements/{statement.GetProperty("id").GetString()}/lines")).Select(x =>
            $"{x.GetProperty("month").GetString()} {Amount(x, "net")} {Amount(x, "commission")} {x.GetProperty("reverses").GetBoolean()}")];

    internal static string Balance(JsonElement x) =>
        $"{Amount(x, "basis")} -> {Amount(x, "commission")} + {Amount(x, "adjusted")} + {Amount(x, "carriedIn")} = {Amount(x, "payable")}, "
        + $"on {Amount(x, "carriedOut")}, due {x.GetProperty("dueOn").GetString()}";

    internal static string Amount(JsonElement of, string field) => of.GetProperty(field).GetProperty("amount").GetString()!;

    internal static async Task<List<JsonElement>> ItemsAsync(HttpClient client, string path) =>
        [.. (await Sent(await client.GetAsync(path))).GetProperty("items").EnumerateArray()];

    internal static async Task<JsonElement> Sent(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue(text);
        return JsonDocument.Parse(text).RootElement.Clone();
    }
}

/// <summary>
/// Invoices as Billing would tell them: one counts in its month, what takes a part of it back in another, and what is void has never been.
/// </summary>
internal sealed class SaidInvoices : IInvoicedAmounts, IBillingProgress
{
    private readonly List<Said> _said = [];
    private readonly HashSet<InvoiceId> _void = [];
    private readonly List<InvoicedPart> _parts = [];

    public HashSet<Period> Unfinished { get; } = [];

    /// <summary>Documents whose lines were read.</summary>
    public List<Guid> PartsAsked { get; } = [];

    /// <summary>Awaited before the invoices of a period are told, when the schemes have been read.</summary>
    public Func<Period, Task>? BeforeTold { get; set; }

    public InvoicedNet Issue(string month, OrganizationRef tenant, string net, string currency = "EUR") =>
        Add(Period.Parse(month), new InvoicedNet(
            Id.New<InvoiceId>(DateTimeOffset.UnixEpoch), $"1-2026-{_said.Count + 1:000000}", tenant.Id, tenant.Path,
            new Money(decimal.Parse(net), Currency.Parse(currency)))
        { InvoicePeriod = Period.Parse(month) });

    /// <summary>Takes back a part of an invoice.</summary>
    public InvoicedNet Credit(string month, InvoicedNet of, string net) =>
        Add(Period.Parse(month), of with
        {
            Number = $"1-CN2026-{_said.Count + 1:000000}",
            CreditNoteId = Id.New<CreditNoteId>(DateTimeOffset.UnixEpoch),
            Net = of.Net with { Amount = -decimal.Parse(net) },
        });

    /// <summary>What of a document was charged by which plan, as <c>plan product net</c>; what is not said is of no plan.</summary>
    public InvoicedNet Of(InvoicedNet document, params string[] parts)
    {
        lock (_said)
            _parts.AddRange(parts.Select(x => x.Split(' ')).Select(x =>
                new InvoicedPart(document.DocumentId, x[0] == "-" ? null : x[0], x[1] == "-" ? null : x[1], decimal.Parse(x[2]))));
        return document;
    }

    public Task<IReadOnlyList<InvoicedPart>> PartsAsync(IReadOnlyCollection<InvoicedNet> documents, CancellationToken ct)
    {
        var asked = documents.Select(x => x.DocumentId).ToHashSet();
        lock (_said)
        {
            PartsAsked.AddRange(asked);
            return Task.FromResult<IReadOnlyList<InvoicedPart>>([.. _parts.Where(x => asked.Contains(x.DocumentId))]);
        }
    }

    public void Void(InvoicedNet invoice)
    {
        lock (_said)
            _void.Add(invoice.InvoiceId);
    }

    public async Task<IReadOnlyList<InvoicedNet>> OfPeriodAsync(Period period, Scope scope, CancellationToken ct)
    {
        if (BeforeTold is { } before)
            await before(period);
        lock (_said)
            return [.. _said
                .Where(x => x.Month == period && scope.Contains(x.Document.OwnerPath) && !_void.Contains(x.Document.InvoiceId))
                .Select(x => x.Document)
                .OrderBy(x => x.OwnerPath, StringComparer.Ordinal).ThenBy(x => x.Number, StringComparer.Ordinal)];
    }

    // All of them: what has not changed is worked out in vain.
    public Task<IReadOnlyList<Period>> ChangedMonthsAsync(DateTimeOffset? since, DateOnly before, Scope scope, CancellationToken ct)
    {
        lock (_said)
            return Task.FromResult<IReadOnlyList<Period>>(
                [.. _said.Select(x => x.Month).Where(x => x.Start < before).Distinct().OrderBy(x => x.Start)]);
    }

    public async Task<IReadOnlyList<Period>> MonthsAsync(DateOnly before, IReadOnlySet<DateOnly> known, Scope scope, CancellationToken ct) =>
        [.. (await ChangedMonthsAsync(null, before, scope, ct)).Where(x => !known.Contains(x.Start))];

    public Task<bool> IsFinishedAsync(Period period, CancellationToken ct) => Task.FromResult(!Unfinished.Contains(period));

    private InvoicedNet Add(Period month, InvoicedNet document)
    {
        lock (_said)
            _said.Add(new Said(month, document));
        return document;
    }

    private sealed record Said(Period Month, InvoicedNet Document);
}
