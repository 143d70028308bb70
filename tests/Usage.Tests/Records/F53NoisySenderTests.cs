using System.Net;
using System.Text;
using Licensing.Host.Database;
using Licensing.Identity.Contracts;
using Licensing.Usage.Records;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Tests.Records;

/// <summary>A host that stores one batch at a time and has little room.</summary>
public sealed class NarrowApp : UsageApp
{
    // Of one sender it holds twelve times what a request begins with, of all of them twice as much and one more.
    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["Usage:Writers"] = "1",
        ["Usage:RecordsTogether"] = "1",
        ["Usage:WaitingBytesOfOne"] = $"{10 * 200 << 10}",
        ["Usage:WaitingBytes"] = $"{20 * 200 << 10}",
    };
}

/// <summary>A host that stores one batch at a time and has room for many.</summary>
public sealed class OneByOneApp : UsageApp
{
    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["Usage:Writers"] = "1",
        ["Usage:RecordsTogether"] = "1",
    };
}

/// <summary>
/// F53: one sender has many times as much waiting as the others. What that costs another is counted in commits before his own, which is
/// the same on every machine.
/// </summary>
[Trait("Fault", "F53")]
public sealed class F53NoisySenderTests(NarrowApp app) : IClassFixture<NarrowApp>, IAsyncDisposable
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync() => await CommonChecker.HoldsAsync(app, Ct);

    [Fact]
    public async Task Two_noisy_senders_leave_room_and_the_next_turn_for_another_and_are_told_who_has_too_much()
    {
        var customer = await app.CustomerAsync();
        var (noisy, other, quiet) = (customer.Partner(), customer.Branch.As(Roles.DistributorAdministrator),
            customer.Branch.As(Roles.PlatformService));
        var sent = new List<Task<Outcome>>();
        Outcome told, full;
        await using (await HeldKeys.OfAsync(app))
        {
            sent.Add(SendAsync(noisy, customer, "n0"));
            await app.WaitForLocksAsync(sent[0]);
            async Task<Task<Outcome>> EnterAsync(Task<Outcome> sending, int before)
            {
                await HeldKeys.InLineAsync(app, sending, before);
                return sending;
            }

            Task<Outcome> next;
            for (; !(next = await EnterAsync(SendAsync(noisy, customer, $"n{sent.Count}"), sent.Count)).IsCompleted;)
                sent.Add(next);
            told = await next;
            var noise = sent.Count;
            noise.ShouldBeGreaterThan(5);
            // Another of his keys is told the same, and so is who sends one for retries, whose body is kept before it is read.
            using var again = customer.Branch.App.As(Roles.PartnerAdministrator, customer.Branch.Partner.Id.Value, customer.Tenant.Path);
            var more = await SendAsync(again, customer, "m");
            again.DefaultRequestHeaders.Add("Idempotency-Key", "m");
            var keyed = await SendAsync(again, customer, "m");
            foreach (var one in (Outcome[])[more, keyed])
                (one.Status, (string?)one.Body["code"]).ShouldBe((HttpStatusCode.TooManyRequests, "ingest_share_taken"));

            // A second one has no more than half of what is left, however often he tries.
            for (; !(next = await EnterAsync(SendAsync(other, customer, $"o{sent.Count}"), sent.Count)).IsCompleted;)
                sent.Add(next);
            full = await next;
            (sent.Count - noise).ShouldBeInRange(2, noise - 1);
            (await SendAsync(other, customer, "more")).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
            (await SendAsync(noisy, customer, "more")).Status.ShouldBe(HttpStatusCode.TooManyRequests);

            // For a third there is still room.
            for (var i = 0; i < 3; i++)
                sent.Add(await EnterAsync(SendAsync(quiet, customer, $"q{i}"), sent.Count));
            sent[^3..].ShouldAllBe(one => !one.IsCompleted);
        }

        (told.Status, (string?)told.Body["code"]).ShouldBe((HttpStatusCode.TooManyRequests, "ingest_share_taken"));
        (full.Status, (string?)full.Body["code"]).ShouldBe((HttpStatusCode.ServiceUnavailable, "ingest_busy"));
        full.Answer.Headers.RetryAfter.ShouldNotBeNull();
        foreach (var one in sent)
            (await one).Counts.ShouldBe("1 0 0");
        // The first was being stored, then everybody has a turn: with one line for all it would be behind all of the noise of two.
        (await app.SqlAsync<string[]>(
            "select array_agg(r.record_id order by k.xmin::text::bigint) from usage.records r join usage.record_keys k using (batch_id) "
            + "where r.tenant_id = $1", customer.Tenant.Id.Value))[..4].ShouldContain("q0");
        await EmptyAsync();
    }

    [Fact]
    public async Task A_body_that_is_kept_for_its_key_takes_room_as_it_comes()
    {
        var customer = await app.CustomerAsync();
        using var client = customer.Partner();
        client.DefaultRequestHeaders.Add("Idempotency-Key", "large");
        // Nothing of it would be held by who reads it row by row.
        var air = new StringContent($"id,meter\n{new string('\n', 3 << 20)}", Encoding.UTF8, "text/csv");
        var told = await Outcome.OfAsync(client.PostAsync("/api/v1/usage", air, Ct));
        (told.Status, (string?)told.Body["code"]).ShouldBe((HttpStatusCode.TooManyRequests, "ingest_share_taken"));
        await EmptyAsync();
        // Refused for what there was of others it is no answer to keep: the same key with less is tried anew.
        (await Customer.SendAsync(client, "", [customer.Record("a")])).Counts.ShouldBe("1 0 0");
        await EmptyAsync();
    }

    // What a request held is given back when it is over, which its sender may see a moment before.
    private Task EmptyAsync() => Eventually.TrueAsync(() => Task.FromResult(app.Services.GetRequiredService<Rooms>().Held == 0));

    private static Task<Outcome> SendAsync(HttpClient client, Customer customer, string id) => Customer.SendAsync(client, "", [customer.Record(id)]);
}

/// <summary>F53: whose turn it is, counted in commits: of a tenant at twenty times the others, by however many keys.</summary>
[Trait("Fault", "F53")]
public sealed class F53TurnsTests(OneByOneApp app) : IClassFixture<OneByOneApp>, IAsyncDisposable
{
    public async ValueTask DisposeAsync() => await CommonChecker.HoldsAsync(app, TestContext.Current.CancellationToken);

    [Fact]
    public async Task Twenty_batches_of_one_organisation_by_four_keys_keep_nobody_from_his_turn()
    {
        var customer = await app.CustomerAsync();
        var (branch, partner) = (customer.Branch, customer.Branch.Partner);
        HttpClient[] noisy =
        [
            customer.Partner(), app.As(Roles.PartnerAdministrator, partner.Id.Value, customer.Tenant.Path),
            app.As(Roles.DistributorAdministrator, partner.Id.Value, partner.Path),
            app.As(Roles.DistributorAdministrator, partner.Id.Value, customer.Tenant.Path),
        ];
        HttpClient[] others = [branch.As(Roles.DistributorAdministrator), branch.As(Roles.PlatformService)];
        var sent = new List<Task<Outcome>>();
        await using (await HeldKeys.OfAsync(app))
        {
            for (var i = 0; i < 20; i++)
                await EnterAsync(noisy[i % noisy.Length], $"n{i}");
            await EnterAsync(others[0], "q0");
            await EnterAsync(others[1], "q1");
            // Two of each of the others: each has one turn of three.
            await EnterAsync(others[0], "q2");
        }

        foreach (var one in sent)
            (await one).Counts.ShouldBe("1 0 0");
        var order = await app.SqlAsync<string[]>(
            "select array_agg(r.record_id order by k.xmin::text::bigint) from usage.records r join usage.record_keys k using (batch_id) "
            + "where r.tenant_id = $1", customer.Tenant.Id.Value);
        order[..6].Select(id => id[0] == 'q' ? id : "n").ShouldBe(["n", "n", "q0", "q1", "n", "q2"]);
        order.Length.ShouldBe(23);

        async Task EnterAsync(HttpClient client, string id)
        {
            sent.Add(Customer.SendAsync(client, "", [customer.Record(id)]));
            if (sent.Count == 1)
                await app.WaitForLocksAsync(sent[0]);
            await HeldKeys.InLineAsync(app, sent[^1], sent.Count - 1);
        }
    }

    [Fact]
    public async Task What_is_answered_already_is_answered_again_without_a_turn()
    {
        var customer = await app.CustomerAsync();
        var turns = app.Services.GetRequiredService<SenderTurns>();
        using var client = customer.Partner();
        client.DefaultRequestHeaders.Add("Idempotency-Key", "stored");
        (await Customer.SendAsync(client, "", [customer.Record("a")])).Counts.ShouldBe("1 0 0");

        using (await turns.TakeAsync(Access.System with { OrganizationId = customer.Branch.Partner.Id.Value }, TestContext.Current.CancellationToken))
        {
            var again = Customer.SendAsync(client, "", [customer.Record("a")]);
            await Eventually.TrueAsync(() => Task.FromResult(again.IsCompleted || turns.Waiting > 0));
            turns.Waiting.ShouldBe(0);
            var replayed = await again;
            (replayed.Counts, replayed.Answer.Headers.Contains("Idempotency-Replayed")).ShouldBe(("1 0 0", true));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Batches_with_a_key_or_all_or_nothing_are_no_way_round_the_line(bool keyed)
    {
        var customer = await app.CustomerAsync();
        var turns = app.Services.GetRequiredService<SenderTurns>();
        var sent = new List<Task<Outcome>>();
        await using (await HeldKeys.OfAsync(app))
        {
            for (var i = 0; i < 6; i++)
                sent.Add(SendAsync(customer.Partner(), $"n{i}"));
            await Eventually.TrueAsync(() => Task.FromResult(turns.Waiting == 5));
            sent.Add(SendAsync(customer.Branch.As(Roles.DistributorAdministrator), "q"));
            // Of the noisy one a single transaction; the other does not wait for his.
            await Eventually.TrueAsync(async () => await app.SqlAsync<long>(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 2);
            turns.Waiting.ShouldBe(5);
        }

        foreach (var one in sent)
            (await one).Counts.ShouldBe("1 0 0");
        await Eventually.TrueAsync(() => Task.FromResult(turns.Waiting == 0));

        Task<Outcome> SendAsync(HttpClient client, string id)
        {
            if (keyed)
                client.DefaultRequestHeaders.Add("Idempotency-Key", $"line-{id}");
            return Customer.SendAsync(client, keyed ? "" : "?atomic=true", [customer.Record(id)]);
        }
    }
}

/// <summary>Nobody writes keys until it is disposed of: who is being stored stands still, the others wait in line.</summary>
internal static class HeldKeys
{
    public static async Task<NpgsqlConnection> OfAsync(UsageApp app)
    {
        var ct = TestContext.Current.CancellationToken;
        var connection = await app.Services.GetRequiredService<SchemaOwner>().Database.OpenConnectionAsync(ct);
        await using var command = new NpgsqlCommand("begin; lock table usage.record_keys in exclusive mode", connection);
        await command.ExecuteNonQueryAsync(ct);
        return connection;
    }

    // In line, or answered: one is being stored, so there are as many in line as were sent before.
    public static Task InLineAsync(UsageApp app, Task<Outcome> sending, int before) => Eventually.TrueAsync(() =>
        Task.FromResult(sending.IsCompleted || app.Services.GetRequiredService<IngestQueue>().Waiting == before));
}
