using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Usage.Rollups;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Licensing.Usage.Tests.Rollups;

/// <summary>
/// Batches, corrections, merges of a few marks at a time and days computed anew, in any order and at once: in the end the rollups are what the
/// records say, by the database's recomputation and by one of the test's own.
/// </summary>
public sealed class AnyOrderTests(AnyOrderTests.FewMarksApp app) : IClassFixture<AnyOrderTests.FewMarksApp>
{
    private static readonly string[] Meters = ["sum", "max", "last", "count", "unique", "machines"];
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Rounds of rolling up take so few marks that a day is often merged in parts; not every set of dimensions has its own cells.</summary>
    public sealed class FewMarksApp : UsageApp
    {
        protected override void Configure(WebApplicationBuilder builder)
        {
            builder.Services.RemoveAll<UsageSettings>();
            builder.Services.AddSingleton(new UsageSettings { MarksPerRound = 3, DimensionSetsPerDay = 2 });
        }

        public override async ValueTask InitializeAsync()
        {
            await base.InitializeAsync();
            var platform = await InAsync<IOrganizationDirectory, OrganizationRef>(d => d.PlatformAsync(Ct));
            using var administrator = As(Roles.PlatformAdministrator, platform.Id.Value, platform.Path);
            (await administrator.PostAsJsonAsync(
                "/api/v1/meters", new { key = "machines", unit = "pieces", aggregation = "unique", dimensions = new[] { "site" } }, Ct))
                .IsSuccessStatusCode.ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Rollups_equal_the_records_whatever_the_order(int seed)
    {
        var random = new Random(seed);
        var customer = await app.CustomerAsync();
        var live = new Dictionary<string, Sent>();
        for (var step = 0; step < 40; step++)
            switch (random.Next(6))
            {
                case 0 or 1:
                    app.Clock.Advance(TimeSpan.FromMilliseconds(7));
                    var batch = Enumerable.Range(0, random.Next(1, 6)).Select(i => Sent.Any($"{seed}-{step}-{i}", random)).ToList();
                    (await customer.SendAsync([.. batch.Select(s => s.Record(customer))])).Accepted.ShouldBe(batch.Count);
                    foreach (var sent in batch)
                        live.Add(sent.Id, sent);
                    break;
                case 2 when live.Count > 0:
                    await CorrectAsync(customer, live, random);
                    break;
                case 3:
                    await app.InAsync<RollingUp, bool>(r => r.CatchUpAsync(Customer.January, random.Next(1, 3), Ct));
                    break;
                case 4:
                    await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => app.InAsync<RollingUp, bool>(r => r.CatchUpAsync(null, 2, Ct))));
                    break;
                case 5:
                    await app.InAsync<RollingUp, bool>(async r =>
                    {
                        await r.ComputeAsync([new(customer.Tenant.Id.Value, new DateOnly(2026, 1, random.Next(1, 4)))], Ct);
                        return true;
                    });
                    break;
            }

        (await app.TotalsAsync(customer.Tenant, Customer.January)).Select(t => $"{t.Meter} {t.Quantity} {t.Records}")
            .ShouldBe(Meters.Order(StringComparer.Ordinal).SelectMany(m => Expected(m, [.. live.Values.Where(s => s.Meter == m)])));
        var days = new Period(new(2026, 1, 2), new(2026, 1, 4));
        (await app.TotalsAsync(customer.Tenant, days)).Select(t => $"{t.Meter} {t.Quantity} {t.Records}")
            .ShouldBe(Meters.Order(StringComparer.Ordinal)
                .SelectMany(m => Expected(m, [.. live.Values.Where(s => s.Meter == m && s.Start.Day > 1)])));
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
    }

    [Fact]
    public async Task All_of_it_at_once_ends_equal_to_the_records()
    {
        var customer = await app.CustomerAsync();
        async Task SendAsync(int sender)
        {
            var random = new Random(sender);
            for (var batch = 0; batch < 20; batch++)
            {
                var live = new Dictionary<string, Sent>();
                foreach (var sent in Enumerable.Range(0, 5).Select(i => Sent.Any($"{sender}-{batch}-{i}", random)))
                    live.Add(sent.Id, sent);
                (await customer.SendAsync([.. live.Values.Select(s => s.Record(customer))])).Accepted.ShouldBe(5);
                await CorrectAsync(customer, live, random);
            }
        }

        var senders = Task.WhenAll(Enumerable.Range(0, 3).Select(i => Task.Run(() => SendAsync(i), Ct)));
        async Task WhileSentAsync(Func<RollingUp, Task> work)
        {
            do
                await app.InAsync<RollingUp, bool>(async r =>
                {
                    await work(r);
                    return true;
                });
            while (!senders.IsCompleted);
        }

        TenantDay[] days = [.. Enumerable.Range(1, 3).Select(d => new TenantDay(customer.Tenant.Id.Value, new DateOnly(2026, 1, d)))];
        await Task.WhenAll(
            senders, Task.Run(() => WhileSentAsync(r => r.CatchUpAsync(null, 5, Ct)), Ct),
            Task.Run(() => WhileSentAsync(r => r.CatchUpAsync(Customer.January, 5, Ct)), Ct),
            Task.Run(() => WhileSentAsync(r => r.ComputeAsync(days, Ct)), Ct));
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
        (await app.SqlAsync<long>("select count(*) from usage.dirty_days where tenant_id = $1", customer.Tenant.Id.Value)).ShouldBe(0);
        (await app.SqlAsync<decimal>("select sum(records) from usage.monthly_rollups where tenant_id = $1", customer.Tenant.Id.Value))
            .ShouldBe(await app.SqlAsync<long>("""
                select count(*) from usage.records r where tenant_id = $1
                    and not exists (select from usage.corrections c where c.tenant_id = r.tenant_id and c.record_id = r.record_id)
                """, customer.Tenant.Id.Value));
    }

    private static IEnumerable<string> Expected(string meter, IReadOnlyList<Sent> counted) => counted.Count == 0 ? [] :
    [
        $"{meter} {meter switch
        {
            "sum" => counted.Sum(s => s.Quantity),
            "max" => counted.Max(s => s.Quantity),
            "last" => counted.OrderBy(s => s.Start).Last().Quantity,
            "count" => counted.Count,
            _ => counted.Select(s => s.Resource).Distinct().Count(),
        }} {counted.Count}",
    ];

    private static async Task CorrectAsync(Customer customer, Dictionary<string, Sent> live, Random random)
    {
        var sent = live.Values.ElementAt(random.Next(live.Count));
        var otherwise = random.Next(2) == 0 ? null : Sent.Any("", random) with { Meter = sent.Meter };
        var body = new JsonObject
        {
            ["recordId"] = sent.Id,
            ["tenantId"] = customer.Tenant.Id.Value,
            ["action"] = otherwise is null ? "reverse" : "replace",
            ["reason"] = "r",
        };
        if (otherwise is not null)
            (body["quantity"], body["start"], body["resourceId"]) =
                (otherwise.Quantity.ToString(), otherwise.Start.ToString("O"), otherwise.Resource);
        var answer = await Outcome.OfAsync(customer.Partner().PostAsJsonAsync("/api/v1/usage/corrections", body));
        answer.Answer.IsSuccessStatusCode.ShouldBeTrue(answer.Body.ToJsonString());
        live.Remove(sent.Id);
        if (otherwise is not null)
            live.Add((string)answer.Body["replacementId"]!, otherwise with { Id = (string)answer.Body["replacementId"]! });
    }

    private sealed record Sent(string Id, string Meter, int Quantity, DateTimeOffset Start, string Resource)
    {
        // No two start at once, so that the last one is plain.
        public static Sent Any(string id, Random random) => new(
            id, Meters[random.Next(Meters.Length)], random.Next(100), new DateTimeOffset(2026, 1, random.Next(1, 4), 0, 0, 0, TimeSpan.Zero)
                .AddMilliseconds(random.Next(86_400_000)), $"vm-{random.Next(6)}");

        public JsonObject Record(Customer customer)
        {
            var record = customer.Record(Id, Quantity, Meter, Start.ToString("O"), Resource);
            if (Meter == "machines")
                record["dimensions"] = new JsonObject { ["site"] = $"site-{Start.Minute % 4}" };
            return record;
        }
    }
}
