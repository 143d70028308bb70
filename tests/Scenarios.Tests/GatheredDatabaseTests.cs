using Licensing.Host.Database;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Scenarios.Tests;

/// <summary>What the few connections have that the others have not (ADR 0030).</summary>
public sealed class GatheredDatabaseTests(App app) : IClassFixture<App>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_what_is_gathered_is_planned_once_for_lists_of_any_length()
    {
        (await ModeAsync(app.Services.GetRequiredService<GatheredDatabase>().Database)).ShouldBe("force_generic_plan");
        (await ModeAsync(app.Services.GetRequiredService<NpgsqlDataSource>())).ShouldBe("auto");
    }

    [Fact]
    public async Task Where_start_up_options_may_be_dropped_none_is_sent()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Configuration["Database:ApplicationRole"] = "false";
        await builder.AddDataSourceAsync("Host=localhost;Username=nobody", _ => { }, Ct);
        await using var services = builder.Services.BuildServiceProvider();

        new NpgsqlConnectionStringBuilder(services.GetRequiredService<GatheredDatabase>().Database.ConnectionString).Options.ShouldBeNullOrEmpty();
    }

    [Fact]
    public async Task No_statistics_are_kept_of_documents_that_nothing_is_looked_for_in() =>
        (await app.RowsAsync(
            """
            select c.oid::regclass || '.' || a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
            where c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and a.attstattarget = 0
            order by (c.oid::regclass || '.' || a.attname) collate "C"
            """)).ShouldBe(
        [
            "identity.audit_entries.changes", "provisioning.subscription_history.quantities", "provisioning.subscriptions.history",
            "provisioning.subscriptions.plans", "provisioning.subscriptions.quotas", "provisioning.subscriptions.suspensions",
        ]);

    private static async Task<string> ModeAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("show plan_cache_mode");
        return (string)(await command.ExecuteScalarAsync(Ct))!;
    }
}
