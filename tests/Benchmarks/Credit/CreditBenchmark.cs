using System.Diagnostics;
using System.Net.Http.Headers;
using Licensing.Host.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Benchmarks;

/// <summary>
/// R11: debits of one account, over HTTP with all that a debit is (authenticated, authorised, audited, never below zero, durable, each with its
/// own transaction and entries), over interactive transactions that lock the balance's row, as one would write it. Same server, same run.
/// </summary>
internal static class CreditBenchmark
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(2);

    public static IReadOnlyList<Benchmark> All { get; } = [Of(256), Of(64), Of(16), Of(16, together: 100), Of(16, together: 1_000)];

    // As many clients on either side: the more wait for one row, the more share a transaction here and the longer the line is there.
    private static Benchmark Of(int clients, int together = 1) => new(
        together == 1 ? $"credit-{clients}" : $"credit-batch-{together}",
        $"debits of one account over HTTP{(together == 1 ? "" : $", {together} a request")} ÷ SELECT FOR UPDATE, UPDATE, INSERT, COMMIT; "
        + $"{clients} clients each", "debits/s",
        Goal.Over(20), ct => HostPair.PrepareAsync(_ => { }, Map, (host, client) => LoadsAsync(host, client, clients, together, ct), ct));

    private static async Task<(Func<CancellationToken, Task<Load>>, Func<CancellationToken, Task<Load>>)> LoadsAsync(
        BenchHost host, HttpClient client, int clients, int together, CancellationToken ct)
    {
        var token = $"Bearer {await host.LoginAsync(client, ct)}";
        client.DefaultRequestHeaders.Authorization = AuthenticationHeaderValue.Parse(token);
        var distributor = await BenchHost.SendAsync(
            client, "/api/v1/distributors", new { externalId = "bench", displayName = "Bench", country = "DE", currency = "EUR" }, ct);
        var partner = (await BenchHost.SendAsync(
            client, "/api/v1/partners", new { distributorId = distributor.GetProperty("id"), externalId = "bench", displayName = "Bench" }, ct))
            .GetProperty("id").GetGuid();
        await BenchHost.SendAsync(client, "/api/v1/credit/top-ups",
            new { organizationId = partner, reference = "all", amount = new { amount = "1000000000.00", currency = "EUR" } }, ct);
        var (sent, told) = (0, 0L);
        return (
            async stop =>
            {
                var load = await LoadClient.MeasureAsync(
                    host, _ => together == 1
                        ? Debit(host.Address, token, partner, Interlocked.Increment(ref sent))
                        : Debits(host.Address, token, partner, Interlocked.Add(ref sent, together), together), stop, clients);
                told += load.Answers * (long)together;
                // A batch answers 200 whatever became of its debits: that each was taken is seen here.
                await CheckAsync(host, partner, told, stop);
                return load with { Answers = load.Answers * together, Rate = load.Rate * together, Cost = load.Cost / together };
            },
            stop => NaiveAsync(host, clients, stop));
    }

    private static byte[] Debit(Uri address, string token, Guid partner, int number) => LoadClient.Request(
        address, "POST", "/api/v1/credit/debits", token, Body(partner, number));

    private static byte[] Debits(Uri address, string token, Guid partner, int last, int count) => LoadClient.Request(
        address, "POST", "/api/v1/credit/debits/batch", token,
        $"{{\"items\":[{string.Join(',', Enumerable.Range(last - count + 1, count).Select(number => Body(partner, number)))}]}}");

    private static string Body(Guid partner, int number) =>
        $"{{\"organizationId\":\"{partner}\",\"reference\":\"order {number}\",\"amount\":{{\"amount\":\"0.01\",\"currency\":\"EUR\"}}}}";

    // What was answered is there: one transaction, one entry of the credit and one cent each.
    private static async Task CheckAsync(BenchHost host, Guid partner, long told, CancellationToken ct)
    {
        await using var command = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(
            """
            select count(distinct t.id), count(e.lot_id), (1000000000 - min(b.balance)) * 100 from billing.ledger_transactions t
            join billing.ledger_entries e on e.transaction_id = t.id and e.lot_id is not null
            join billing.ledger_balances b on b.account_id = e.account_id where t.owner_id = $1 and t.kind = 'Spending'
            """);
        command.CommandTimeout = 0;
        command.Parameters.Add(new() { Value = partner });
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        if (row.GetInt64(0) != told || row.GetInt64(1) != told || row.GetDecimal(2) != told)
            throw new InvalidOperationException(
                $"{told} were acknowledged, {row.GetInt64(0)} and {row.GetInt64(1)} found, {row.GetDecimal(2)} taken.");
    }

    // The naive one, whom nobody tunes: the lock is held from the look to the commit, four turns long. Many clients share the pool of
    // connections that a host has.
    private static async Task<Load> NaiveAsync(BenchHost host, int clients, CancellationToken ct)
    {
        var database = host.Services.GetRequiredService<NpgsqlDataSource>();
        var (start, used) = (Stopwatch.GetTimestamp(), host.Processor.Used());
        var counts = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            var done = 0;
            for (; Stopwatch.GetElapsedTime(start) < Long; done++)
            {
                await using var connection = await database.OpenConnectionAsync(ct);
                await using var transaction = await connection.BeginTransactionAsync(ct);
                await using var look = new NpgsqlCommand("select balance from bench.accounts where id = 1 for update", connection, transaction);
                if ((decimal)(await look.ExecuteScalarAsync(ct))! < 0.01m)
                    throw new InvalidOperationException("Nothing is left.");
                await using var take = new NpgsqlCommand("update bench.accounts set balance = balance - 0.01 where id = 1", connection, transaction);
                await take.ExecuteNonQueryAsync(ct);
                await using var note = new NpgsqlCommand(
                    "insert into bench.entries (account_id, amount, at) values (1, -0.01, now())", connection, transaction);
                await note.ExecuteNonQueryAsync(ct);
                await transaction.CommitAsync(ct);
            }

            return done;
        }, ct)));
        var answers = counts.Sum();
        return new Load(answers, answers / Stopwatch.GetElapsedTime(start).TotalSeconds, (host.Processor.Used() - used) / answers);
    }

    private static void Map(WebApplication host)
    {
        using var made = host.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(
            """
            create schema bench;
            create table bench.accounts (id int primary key, balance numeric not null check (balance >= 0));
            create table bench.entries (id bigint generated always as identity primary key, account_id int not null, amount numeric not null,
                at timestamptz not null);
            insert into bench.accounts values (1, 1000000000);
            grant usage on schema bench to public;
            grant select, update on bench.accounts to public;
            grant insert on bench.entries to public
            """);
        made.ExecuteNonQuery();
    }
}
