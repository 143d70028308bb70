using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Billing.Tests.Invoices;
using Licensing.Host.Database;
using Microsoft.Extensions.DependencyInjection;
using static Licensing.Billing.Tests.BillingApp;

namespace Licensing.Billing.Tests.Settlement;

/// <summary>
/// Fault F23, the half of it that is Billing's, with no part replaced: records come an hour to forty days after they happened, some are corrected
/// later still, and each month is billed on its first morning after.
/// </summary>
[Trait("Fault", "F23")]
public sealed class F23Tests(App app) : IClassFixture<App>
{
    private static readonly TimeSpan[] Late =
        [TimeSpan.FromHours(1), TimeSpan.FromHours(30), TimeSpan.FromDays(6), TimeSpan.FromDays(17), TimeSpan.FromDays(40)];

    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task What_was_used_is_what_was_billed_with_what_was_adjusted_and_nothing_issued_changes()
    {
        app.Clock.Set(Begin);
        var branch = await app.BranchAsync();
        using var platform = branch.Administrator();
        var subscription = await SubscribeAsync(platform, branch);

        // One record a day, each as late as another.
        var records = Enumerable.Range(0, 90).Select(day => (
            Id: $"r{day}", Start: Begin.AddDays(day), Arrives: Begin.AddDays(day) + Late[day % Late.Length], Quantity: day % 7 + 1)).ToList();
        var things = records.Select(x => (At: x.Arrives, Do: (Func<Task>)(() => SendAsync(platform, subscription, x.Id, x.Start, x.Quantity))))
            .Append((At: new(2026, 2, 20, 12, 0, 0, TimeSpan.Zero), Do: () => ReverseAsync(platform, "r0")))
            .Append((At: new(2026, 3, 20, 12, 0, 0, TimeSpan.Zero), Do: () => ReverseAsync(platform, "r7")))
            .Concat(Enumerable.Range(1, 6).Select(month => (
                At: Begin.AddMonths(month).AddHours(-7), Do: (Func<Task>)(() => BillAsync(platform, Begin.AddMonths(month - 1))))))
            .OrderBy(x => x.At);
        foreach (var (at, act) in things)
        {
            app.Clock.Set(at);
            await act();
        }

        records.RemoveAll(x => x.Id is "r0" or "r7");
        var lines = await LinesAsync(platform);
        lines.Count(x => x.Adjusts is not null).ShouldBeGreaterThan(3);
        for (var month = 1; month <= 6; month++)
        {
            var used = records.Where(x => x.Start.Month == month).Sum(x => x.Quantity);
            var of = lines.Where(x => (x.Adjusts ?? x.Period) == new DateOnly(2026, month, 1)).ToList();
            of.Where(x => x.IsUsage).Sum(x => x.Quantity).ShouldBe(used, $"month {month}");
            // Two a piece up to fifty, then one.
            of.Sum(x => x.Net).ShouldBe(10m + (used <= 50 ? used * 2 : 100 + (used - 50)), $"month {month}");
        }

        (await TextAsync(Kept)).ShouldBe("true");
        await CommonChecker.HoldsAsync(app, TestContext.Current.CancellationToken);
    }

    // What each invoice and line was when it was issued is written down then, by the test, beside them.
    private const string Keep =
        """
        create table if not exists public.kept (id text primary key, was jsonb);
        insert into public.kept select i.id::text, to_jsonb(i) from billing.invoices i on conflict do nothing;
        insert into public.kept select l.invoice_id::text || l.position, to_jsonb(l) from billing.invoice_lines l on conflict do nothing
        """;

    private const string Kept =
        """
        select (count(*) > 10 and bool_and(k.was = coalesce(to_jsonb(i), to_jsonb(l))))::text from public.kept k
        left join billing.invoices i on i.id::text = k.id
        left join billing.invoice_lines l on l.invoice_id::text || l.position = k.id
        """;

    private sealed record Line(DateOnly Period, DateOnly? Adjusts, bool IsUsage, decimal Quantity, decimal Net);

    private static async Task<string> SubscribeAsync(HttpClient platform, Branch branch)
    {
        async Task<JsonElement> PostAsync(string path, object body) => await Sent(await platform.PostAsJsonAsync($"/api/v1/{path}", body));
        await Sent(await platform.PutAsJsonAsync(
            "/api/v1/tax-rates", new { country = "DE", category = "S", percent = "20", validFrom = "2020-01-01" }));
        await PostAsync("products", new { key = Product, name = "Billed", features = new[] { new { key = "seats", name = "Seats" } } });
        await PostAsync("meters", new { key = "calls", unit = "Calls", aggregation = "sum" });
        object[] tiers = [new { upTo = "50", unitPrice = "2", flatFee = "0" }, new { unitPrice = "1", flatFee = "0" }];
        var plan = await PostAsync("plans", new
        {
            key = "f23",
            name = "F23",
            product = Product,
            currency = "EUR",
            charges = new object[]
            {
                Flat("base", "10.00"), new { key = "calls", name = "Calls", meter = "calls", price = new { model = "graduated", tiers } },
            },
        });
        await PostAsync($"plans/{plan.Text("id")}/publish", new { });
        var asked = new { tenantId = branch.Tenant.Id.Value, planId = plan.Text("id"), quantities = new { } };
        return (await PostAsync("subscriptions", asked)).Text("id");
    }

    private static async Task SendAsync(HttpClient platform, string subscriptionId, string id, DateTimeOffset start, int quantity)
    {
        var at = start.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        var records = new[] { new { id, subscriptionId, meter = "calls", quantity = $"{quantity}", start = at } };
        (await Sent(await platform.PostAsJsonAsync("/api/v1/usage", new { records }))).GetProperty("accepted").GetInt32().ShouldBe(1);
    }

    private static async Task ReverseAsync(HttpClient platform, string recordId) => await Sent(await platform.PostAsJsonAsync(
        "/api/v1/usage/corrections", new { recordId, action = "reverse", reason = "wrong" }));

    private async Task BillAsync(HttpClient platform, DateTimeOffset month)
    {
        var operation = await StartAsync(platform, month.ToString("yyyy-MM"));
        await app.DrainAsync();
        var told = await OperationAsync(platform, operation);
        told.Text("state").ShouldBe("Succeeded", told.GetRawText());
        await TextAsync(Keep);
    }

    private static async Task<List<Line>> LinesAsync(HttpClient platform)
    {
        var lines = new List<Line>();
        foreach (var invoice in await ItemsAsync(platform, "/api/v1/invoices?limit=100"))
            foreach (var line in await ItemsAsync(platform, $"/api/v1/invoices/{invoice.Text("id")}/lines"))
                lines.Add(new Line(
                    DateOnly.Parse(invoice.GetProperty("period").Text("start")),
                    line.GetProperty("adjustment") is { ValueKind: JsonValueKind.Object } of
                        ? DateOnly.Parse(of.GetProperty("month").Text("start"))
                        : null,
                    line.Text("meter") == "calls", decimal.Parse(line.Text("quantity")), decimal.Parse(line.Amount("net"))));
        return lines;
    }

    private async Task<string> TextAsync(string sql)
    {
        await using var command = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(sql);
        return await command.ExecuteScalarAsync() as string ?? "";
    }
}
