using System.Text.Json;
using Licensing.Host.Database;
using Licensing.Provisioning.Subscriptions;
using Npgsql;

namespace Licensing.Provisioning.Tests.Data;

/// <summary>Subscriptions that were there before plans changed and had terms.</summary>
public sealed class TermsMigrationTests(SellingApp app) : IClassFixture<SellingApp>
{
    internal static string Script(string number)
    {
        var assembly = typeof(ProvisioningModule).Assembly;
        using var reader = new StreamReader(
            assembly.GetManifestResourceStream(
            assembly.GetManifestResourceNames().Single(n => n.Contains($".{number}_") && n.EndsWith(".sql", StringComparison.Ordinal)))!);
        return reader.ReadToEnd();
    }

    [Fact]
    public async Task Subscriptions_from_before_keep_their_plan_their_end_and_what_they_may() => await app.InAsync<SchemaOwner, int>(async owner =>
    {
        await using var connection = await owner.Database.OpenConnectionAsync(SellingApp.Ct);
        // Rolled back when the connection goes, so that the host keeps its own tables.
        await using var transaction = await connection.BeginTransactionAsync(SellingApp.Ct);
        async Task RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction);
            await command.ExecuteNonQueryAsync(SellingApp.Ct);
        }

        await RunAsync("drop schema provisioning cascade; create schema provisioning");
        foreach (var number in (string[])["0001", "0002", "0003"])
            await RunAsync(Script(number));
        await RunAsync(
            """
            insert into provisioning.subscriptions (
                id, tenant_id, owner_path, plan_id, plan_version_id,
                product, starts_on, expires_on, cancelled_on, ends_on, history, suspensions, created_at, version)
            values
                ('00000000-0000-0000-0000-000000000001', gen_random_uuid(), '1.',
                    '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-00000000000b',
                    'ccaas', '2025-01-31', '2026-01-31', '2025-06-01', '2025-06-01', '[]', '[]', now(), 3),
                ('00000000-0000-0000-0000-000000000002', gen_random_uuid(), '1.',
                    '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-00000000000b',
                    'ccaas', '2025-01-31', null, null, null, '[]', '[]', now(), 1)
            """);
        await RunAsync(Script("0005"));

        await using var read = new NpgsqlCommand(
            "select plans, agreed_ends_on, expires_on, ends_on, version from provisioning.subscriptions order by id", connection, transaction);
        await using var rows = await read.ExecuteReaderAsync(SellingApp.Ct);
        (await rows.ReadAsync(SellingApp.Ct)).ShouldBeTrue();
        var plan = JsonSerializer.Deserialize<IReadOnlyList<PlanFrom>>(rows.GetString(0), StoredJson.Options)!.Single();
        (plan.On, plan.Product, plan.PlanId.Value, plan.PlanVersionId.Value, plan.TrialDays)
            .ShouldBe((new DateOnly(2025, 1, 31), "ccaas", new Guid("00000000-0000-0000-0000-00000000000a"),
                new Guid("00000000-0000-0000-0000-00000000000b"), 0));
        plan.Terms.ShouldBe(new Terms(null, false, 0, 0, true, true, true, null));
        (rows.GetFieldValue<DateOnly>(1), rows.GetFieldValue<DateOnly>(2), rows.GetFieldValue<DateOnly>(3), rows.GetInt32(4))
            .ShouldBe((new DateOnly(2026, 1, 31), new DateOnly(2026, 1, 31), new DateOnly(2025, 6, 1), 3));
        (await rows.ReadAsync(SellingApp.Ct)).ShouldBeTrue();
        (rows.IsDBNull(1), rows.IsDBNull(2), rows.IsDBNull(3)).ShouldBe((true, true, true));
        return 0;
    });
}
