using System.Diagnostics;
using System.Text.Json;
using Npgsql;

namespace Licensing.Benchmarks;

/// <summary>
/// Bills as it is usually written: customer after customer, a query for each thing it needs, usage added up from the records, an insert per
/// line, a commit per invoice. Indexed and on one open connection with prepared statements, so that it is slow by its shape alone.
/// </summary>
internal sealed class NaiveBiller(BillingData data, ProcessorTime processor)
{
    /// <summary>Microseconds and processor time per customer.</summary>
    public async Task<Load> BillAsync(int customers, CancellationToken ct)
    {
        await data.RunAsync(
            """
            create schema if not exists bench;
            create table if not exists bench.invoices (
                id bigint generated always as identity primary key, tenant_id uuid not null, month date not null, number text,
                net numeric, tax numeric,
                unique (tenant_id, month));
            create table if not exists bench.lines (
                invoice_id bigint not null, position int not null, meter text not null, quantity numeric not null, net numeric not null,
                steps jsonb not null, primary key (invoice_id, position));
            create table if not exists bench.series (next int not null);
            truncate bench.invoices, bench.lines, bench.series;
            insert into bench.series values (1)
            """, ct);
        await using var connection = await data.Owner.OpenConnectionAsync(ct);
        var tenants = await ListAsync(
            connection, "select id from identity.organizations where external_id like 'bench-%' order by id limit $1", ct, customers);
        var used = processor.Used();
        var start = Stopwatch.GetTimestamp();
        foreach (var tenant in tenants)
            await BillAsync(connection, (Guid)tenant, ct);
        var took = Stopwatch.GetElapsedTime(start);
        var cost = processor.Used() - used;
        var billed = await OneAsync(
            connection, "select count(distinct i.number) from bench.invoices i where $1 = (select count(*) from bench.lines where invoice_id = i.id)",
            ct, (long)BillingSize.Meters);
        if ((long)billed! != customers)
            throw new InvalidOperationException($"{billed} invoices of {customers} customers.");
        return new Load(customers, took.TotalMicroseconds / customers, cost / customers);
    }

    private static async Task BillAsync(NpgsqlConnection connection, Guid tenant, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var country = await OneAsync(connection, "select country from identity.organizations where id = $1", ct, tenant);
        var percent = (decimal)(await OneAsync(
            connection, "select percent from billing.tax_rates where country = $1 and valid_from < $2 order by valid_from desc limit 1", ct,
            country!, BillingData.Month.End))!;
        var invoice = await OneAsync(
            connection, "insert into bench.invoices (tenant_id, month) values ($1, $2) returning id", ct, tenant, BillingData.Month.Start);
        var (net, position) = (0m, 0);
        foreach (var subscription in await ListAsync(
            connection, "select id from provisioning.subscriptions where tenant_id = $1 and starts_on < $2", ct, tenant, BillingData.Month.End))
        {
            for (var meter = 0; meter < BillingSize.Meters; meter++)
            {
                var quantity = (decimal)(await OneAsync(
                    connection, """
                    select coalesce(sum(quantity), 0) from usage.records
                    where tenant_id = $1 and subscription_id = $2 and day >= $3 and day < $4 and meter = $5
                    """, ct, tenant, subscription, BillingData.Month.Start, BillingData.Month.End, $"meter-{meter}"))!;
                var amount = meter == 0
                    ? Math.Min(quantity, 1_000) * 0.1m + Math.Max(0, quantity - 1_000) * 0.05m
                    : quantity * BillingData.UnitPrice;
                var rounded = Math.Round(amount, 2, MidpointRounding.AwayFromZero);
                net += rounded;
                await OneAsync(connection, "insert into bench.lines values ($1, $2, $3, $4, $5, $6::jsonb)", ct, invoice!, ++position,
                    $"meter-{meter}", quantity, rounded, JsonSerializer.Serialize(new { quantity, amount }));
            }
        }

        var number = await OneAsync(connection, "update bench.series set next = next + 1 returning next - 1", ct);
        await OneAsync(connection, "update bench.invoices set number = $2, net = $3, tax = $4 where id = $1", ct, invoice!, $"1-{number:000000}", net,
            Math.Round(net * percent / 100, 2, MidpointRounding.AwayFromZero));
        await transaction.CommitAsync(ct);
    }

    private static async Task<object?> OneAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = await CommandAsync(connection, sql, values, ct);
        return await command.ExecuteScalarAsync(ct);
    }

    private static async Task<List<object>> ListAsync(NpgsqlConnection connection, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = await CommandAsync(connection, sql, values, ct);
        var found = new List<object>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            found.Add(rows.GetValue(0));
        return found;
    }

    private static async Task<NpgsqlCommand> CommandAsync(NpgsqlConnection connection, string sql, object[] values, CancellationToken ct)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.PrepareAsync(ct);
        return command;
    }
}
