using System.Net.Http.Json;
using System.Text.Json.Nodes;
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
    private static readonly string[] Meters = ["sum", "max", "last", "count", "unique"];
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Rounds of rolling up take so few marks that a day is often merged in parts.</summary>
    public sealed class FewMarksApp : UsageApp
    {
        protected override void Configure(WebApplicationBuilder builder)
        {
            builder.Services.RemoveAll<UsageSettings>();
            builder.Services.AddSingleton(new UsageSettings { MarksPerRound = 3 });
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
            .ShouldBe(Meters.Order(StringComparer.Ordinal).SelectMany(m => Expected(m, [.. live.Values.Where(s => s.Meter == m && s.Start.Day > 1)])));
        (await app.DifferencesAsync(Customer.January)).ShouldBeEmpty();
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
            (body["quantity"], body["start"], body["resourceId"]) = (otherwise.Quantity.ToString(), otherwise.Start.ToString("O"), otherwise.Resource);
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
            id, Meters[random.Next(5)], random.Next(100), new DateTimeOffset(2026, 1, random.Next(1, 4), 0, 0, 0, TimeSpan.Zero)
                .AddMilliseconds(random.Next(86_400_000)), $"vm-{random.Next(6)}");

        public JsonObject Record(Customer customer) => customer.Record(Id, Quantity, Meter, Start.ToString("O"), Resource);
    }
}
