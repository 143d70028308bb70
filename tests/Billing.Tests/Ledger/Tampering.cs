using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Billing.Tests.Ledger;

/// <summary>What someone could do who owns the database and takes its triggers and rights away first.</summary>
internal static class Tampering
{
    public static async Task TamperAsync(this App app, string sql, params object[] values)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var connection = await app.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(ct);
        await using (var before = new NpgsqlCommand("set role none; set session_replication_role = replica", connection))
            await before.ExecuteNonQueryAsync(ct);
        await using (var command = new NpgsqlCommand(sql, connection))
        {
            foreach (var value in values)
                command.Parameters.Add(new() { Value = value });
            (await command.ExecuteNonQueryAsync(ct)).ShouldBeGreaterThan(0);
        }

        await using var after = new NpgsqlCommand("reset session_replication_role; reset role", connection);
        await after.ExecuteNonQueryAsync(ct);
    }
}
