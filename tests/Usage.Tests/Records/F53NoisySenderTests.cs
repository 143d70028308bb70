using System.Net;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Usage.Records;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Tests.Records;

/// <summary>A host that stores one batch at a time and has little room.</summary>
public sealed class NarrowApp : UsageApp
{
    // Of one sender it holds about ten times what a request begins with, of all of them two more.
    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["Usage:Writers"] = "1",
        ["Usage:RecordsTogether"] = "1",
        ["Usage:WaitingBytesOfOne"] = $"{10 * 200 << 10}",
        ["Usage:WaitingBytes"] = $"{12 * 200 << 10}",
    };
}

/// <summary>
/// F53: one sender has many times as much waiting as the others. What that costs another is counted in commits before his own, which is
/// the same on every machine.
/// </summary>
public sealed class F53NoisySenderTests(NarrowApp app) : IClassFixture<NarrowApp>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private IngestQueue Queue => app.Services.GetRequiredService<IngestQueue>();

    [Fact]
    public async Task Another_sender_has_the_next_turn_and_the_noisy_one_alone_is_told_that_he_has_too_much()
    {
        var customer = await app.CustomerAsync();
        var (noisy, quiet, third) = (customer.Partner(), customer.Branch.As(Roles.DistributorAdministrator),
            customer.Branch.As(Roles.PlatformService));
        var sent = new List<Task<Outcome>>();
        Outcome told, full;
        await using (var held = await HoldAsync())
        {
            sent.Add(SendAsync(noisy, customer, "n0"));
            await app.WaitForLocksAsync(sent[0]);
            Task<Outcome> next;
            for (; !(next = await EnterAsync(SendAsync(noisy, customer, $"n{sent.Count}"), sent.Count)).IsCompleted;)
                sent.Add(next);
            told = await next;
            var noise = sent.Count;
            noise.ShouldBeGreaterThan(5);

            // There is still room for others; he who comes last finds none, whoever he is.
            sent.Add(await EnterAsync(SendAsync(quiet, customer, "q0"), sent.Count));
            sent[noise].IsCompleted.ShouldBeFalse();
            for (; !(next = await EnterAsync(SendAsync(third, customer, $"t{sent.Count}"), sent.Count)).IsCompleted;)
                sent.Add(next);
            full = await next;
        }

        (told.Status, (string?)told.Body["code"]).ShouldBe((HttpStatusCode.TooManyRequests, "ingest_share_taken"));
        (full.Status, (string?)full.Body["code"]).ShouldBe((HttpStatusCode.ServiceUnavailable, "ingest_busy"));
        full.Answer.Headers.RetryAfter.ShouldNotBeNull();
        foreach (var one in sent)
            (await one).Counts.ShouldBe("1 0 0");
        // The first was being stored, then everybody has a turn: with one line for all it would be behind all of the noise.
        (await app.SqlAsync<string[]>(
            "select array_agg(r.record_id order by k.xmin::text::bigint) from usage.records r join usage.record_keys k using (batch_id) "
            + "where r.tenant_id = $1", customer.Tenant.Id.Value))[..4].ShouldContain("q0");
        app.Services.GetRequiredService<Rooms>().Held.ShouldBe(0);
        await CommonChecker.HoldsAsync(app, Ct);
    }

    // Keys cannot be written until the transaction is given up.
    private async Task<NpgsqlConnection> HoldAsync()
    {
        var connection = await app.Services.GetRequiredService<SchemaOwner>().Database.OpenConnectionAsync(Ct);
        await using var command = new NpgsqlCommand("begin; lock table usage.record_keys in exclusive mode", connection);
        await command.ExecuteNonQueryAsync(Ct);
        return connection;
    }

    // In line, or answered: one is being stored, so there are as many in line as were sent before.
    private async Task<Task<Outcome>> EnterAsync(Task<Outcome> sending, int before)
    {
        await Eventually.TrueAsync(() => Task.FromResult(sending.IsCompleted || Queue.Waiting == before));
        return sending;
    }

    private static Task<Outcome> SendAsync(HttpClient client, Customer customer, string id) => Customer.SendAsync(client, "", [customer.Record(id)]);
}
