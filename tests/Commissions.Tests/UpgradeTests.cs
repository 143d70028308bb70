using Licensing.Commissions.Data;
using Npgsql;

namespace Licensing.Commissions.Tests;

/// <summary>Migrations on a database that has statements.</summary>
public sealed class UpgradeTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Statements_of_before_keep_what_they_say_and_what_they_owe_goes_on()
    {
        var connectionString = await TestPostgres.CreateEmptyAsync(Ct);
        var source = NpgsqlDataSource.Create(connectionString);
        try
        {
            await RunAsync(source, "create schema if not exists commissions");
            await MigrateAsync(source, 1);
            await RunAsync(source, $"""
                insert into commissions.closings (period_start, period_end, statements, errors, closed_at)
                values ('2025-02-01', '2025-03-01', 1, '[]', '2025-03-05Z'), ('2025-01-01', '2025-02-01', 2, '[]', '2025-03-06Z');
                insert into commissions.statements (id, organization_id, owner_path, kind, external_id, name, period_start, period_end, currency,
                    basis, gross, overridden, commission, scheme, lines, closed_at)
                values
                    {Statement(1, 1, "2025-02", "-30.00", "-100.00", "-3.00")}, {Statement(2, 1, "2025-01", "100.00", "200.00", "10.00")},
                    {Statement(3, 2, "2025-01", "50.00", "500.00", "5.00")}
                """);
            await MigrateAsync(source, 2, 3);

            // In the order in which they were closed: what is below zero is carried on, and what is above was paid out without us.
            (await RowsAsync(source, """
                select concat_ws(' ', to_char(period_start, 'YYYY-MM'), closing, commission, adjusted, carried_in, payable, carried_out, due_on,
                    line_count)
                from commissions.statements order by organization_id, closing
                """)).ShouldBe(
            [
                "2025-02 1 -30.00 0 0 -30.00 -30.00 2", "2025-01 2 100.00 0 -30.00 70.00 0 2025-02-01 2", "2025-01 2 50.00 0 0 50.00 0 2025-02-01 2",
            ]);
            (await RowsAsync(source, """
                select concat_ws(' ', to_char(month, 'YYYY-MM'), position, number, reverses, net, commission, rate) from commissions.statement_lines
                where statement_id = '00000000-0000-0000-0000-000000000002' order by position
                """)).ShouldBe(["2025-01 1 N-2-1 f 200.00 10.00 1", "2025-01 2 N-2-2 f 0.00 0.00 1"]);
            (await RowsAsync(source, "select concat_ws(' ', number, settled) from commissions.closings order by number")).ShouldBe(["1 f", "2 f"]);
            (await RowsAsync(source, "select id::text from commissions.payouts")).ShouldBeEmpty();

            await RunAsync(source, """
                insert into commissions.payouts (id, statement_id, organization_id, owner_path, amount, currency, due_on, created_at, version,
                    paid_on, reference)
                select gen_random_uuid(), id, organization_id, owner_path, payable, currency, due_on, closed_at, 1,
                    case organization_id when '00000000-0000-0000-0000-000000000002' then '2025-03-10'::date end,
                    case organization_id when '00000000-0000-0000-0000-000000000002' then 'Paid' end
                from commissions.statements where due_on is not null
                """);
            var before = await RowsAsync(source, "select to_jsonb(x)::text from commissions.statements x order by id");
            await MigrateAsync(source, 4, 5, 6);
            (await RowsAsync(source, "select (to_jsonb(x) - 'rated')::text from commissions.statements x order by id")).ShouldBe(before);
            (await RowsAsync(
                source, "select concat_ws(' ', amount, payments, cardinality(returned), paid_on) from commissions.payouts order by amount"))
                .ShouldBe(["50.00 1 0 2025-03-10", "70.00 0 0"]);
            (await RowsAsync(source, "select distinct posted::text from commissions.closings")).ShouldBe(["false"]);

            // The guards stand again, and only a payment's own return takes it back.
            foreach (var change in (string[])
            [
                "update commissions.statements set basis = 1", "delete from commissions.statement_lines", "delete from commissions.payouts",
                "update commissions.payouts set paid_on = null, reference = null, payments = 1 where paid_on is not null",
                "update commissions.payouts set paid_on = null, reference = null, returned = '{Other}' where paid_on is not null",
            ])
                (await Should.ThrowAsync<PostgresException>(() => RunAsync(source, change))).SqlState
                    .ShouldBeOneOf(PostgresErrorCodes.RestrictViolation, PostgresErrorCodes.CheckViolation);
            await RunAsync(source, """
                update commissions.payouts set paid_on = null, reference = null, returned = '{Paid}', failed_on = '2025-03-12', failure = 'Back'
                where paid_on is not null
                """);
        }
        finally
        {
            await source.DisposeAsync();
            await TestPostgres.DropAsync(connectionString);
        }
    }

    private static string Statement(int id, int organization, string month, string commission, string net, string first) =>
        $"('00000000-0000-0000-0000-{id:000000000000}', '00000000-0000-0000-0000-{organization:000000000000}', 'p.o{organization}', 'Partner', "
        + $"'O-{organization}', 'Organisation', '{month}-01', ('{month}-01'::date + interval '1 month')::date, 'EUR', {net}, {commission}, 0, "
        + $"{commission}, '{{}}', jsonb_build_array("
        + string.Join(", ", new[] { (1, net, first), (2, "0.00", "0.00") }.Select(x =>
            $"jsonb_build_object('invoiceId', '00000000-0000-0000-000{id}-{x.Item1:000000000000}', 'number', 'N-{id}-{x.Item1}', 'tenantId', "
            + $"'00000000-0000-0000-0000-000000000009', 'net', '{x.Item2}', 'commission', '{x.Item3}')"))
        + "), now())";

    private static async Task MigrateAsync(NpgsqlDataSource source, params int[] numbers)
    {
        var assembly = typeof(CommissionsDb).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal)
            .Where(x => x.EndsWith(".sql", StringComparison.Ordinal)))
            if (numbers.Contains(int.Parse(name.Split('.', '/')[^2].Split('_')[0])))
                using (var reader = new StreamReader(assembly.GetManifestResourceStream(name)!))
                    await RunAsync(source, await reader.ReadToEndAsync(Ct));
    }

    private static async Task RunAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private static async Task<List<string>> RowsAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await using var rows = await command.ExecuteReaderAsync(Ct);
        var read = new List<string>();
        while (await rows.ReadAsync(Ct))
            read.Add(rows.GetString(0));
        return read;
    }
}
