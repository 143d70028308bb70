using Licensing.Catalog.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>
/// Once after the upgrade that brought resources by dimensions: has the days of the meters that have them computed anew (ADR 0064). Of older days the
/// retention may have taken records, so they stay as they are.
/// </summary>
internal sealed class DaysWithoutDimensions(
    NpgsqlDataSource database, IServiceScopeFactory scopes, BillingCalendar calendar, UsageSettings settings, TimeProvider clock) : IPreparation
{
    // Only one of several processes has the row; the others wait until its marks are there.
    private const string Take = "delete from usage.upgrade_steps where step = 'resources by dimensions'";

    // With the number of their records, so that no round computes more of these days than it would merge.
    private const string Mark = """
        insert into usage.dirty_days (tenant_id, day, records)
        select tenant_id, day, least(sum(records), 2147483647)::int
        from usage.daily_rollups where day >= $1
        group by tenant_id, day having bool_or(meter = any ($2))
        """;

    public async Task PrepareAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var take = new NpgsqlCommand(Take, connection);
        if (await take.ExecuteNonQueryAsync(ct) == 0)
            return;
        var meters = CountedMeters.Of(await scope.ServiceProvider.GetRequiredService<ICatalog>().MetersAsync(ct));
        string[] concerned = [.. meters.Unique.Intersect(meters.Dimensioned)];
        if (concerned.Length > 0)
        {
            await using var mark = new NpgsqlCommand(Mark, connection)
            {
                Parameters = { new() { Value = settings.FirstWhole(calendar, clock.GetUtcNow()) }, new() { Value = concerned } },
                CommandTimeout = 0,
            };
            await mark.ExecuteNonQueryAsync(ct);
        }

        await transaction.CommitAsync(ct);
    }
}
