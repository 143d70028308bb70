using System.Net;
using System.Text.Json.Nodes;
using Licensing.Host.Database;
using Licensing.Host.Observability;
using Licensing.Kernel.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Licensing.Scenarios.Observability;

public sealed class HealthTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task A_host_on_its_migrated_database_is_live_and_ready()
    {
        using var client = app.Anonymous();
        (await client.GetStringAsync("/health/live", Ct)).ShouldBe("""{"status":"live"}""");
        var ready = JsonNode.Parse(await client.GetStringAsync("/health/ready", Ct))!;
        ((string)ready["status"]!).ShouldBe("ready");
        ready["checks"]!.AsObject().Select(c => c.Key).ShouldBe(["database", "migrations", "messages"]);
    }

    [Fact]
    public async Task Metrics_name_routes_and_no_paths()
    {
        using var client = app.Anonymous();
        (await client.GetAsync("/api/v1/operations/019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01", Ct)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using var answer = await client.GetAsync("/metrics", Ct);
        answer.Content.Headers.ContentType!.ToString().ShouldBe(PrometheusMetrics.ContentType);
        var text = await answer.Content.ReadAsStringAsync(Ct);
        text.ShouldContain("http_server_request_duration_seconds_bucket{");
        text.ShouldContain("http_route=\"/api/v1/operations/{id:guid}\"");
        text.ShouldNotContain("019bc0e5");
    }

    [Fact]
    public async Task Messages_that_do_not_get_through_make_a_host_unready()
    {
        await app.InAsync<NpgsqlDataSource, int>(async database =>
        {
            await using var command = database.CreateCommand("""
                insert into commissions.outbox (id, message_id, name, subscriber, body, occurred_at, deliver_at)
                values (gen_random_uuid(), gen_random_uuid(), 'a.b.v1', 'x.y', '{}', $1, $1)
                """);
            command.Parameters.Add(new() { Value = app.Clock.GetUtcNow().AddMinutes(-6) });
            return await command.ExecuteNonQueryAsync(Ct);
        });
        try
        {
            // A clock that stands still would keep the answer of another test.
            app.Clock.Advance(TimeSpan.FromSeconds(2));
            var answer = await Asking(app.Services.GetRequiredService<NpgsqlDataSource>()).AskAsync(Ct);
            answer.Ready.ShouldBeFalse();
            answer.Checks["messages"].ShouldBe(new ReadinessCheck(false, "1 due, the oldest for 362 s; 0 parked."));
            answer.Checks["database"].Ready.ShouldBeTrue();
        }
        finally
        {
            await app.InAsync<NpgsqlDataSource, int>(async database =>
            {
                await using var command = database.CreateCommand("delete from commissions.outbox");
                return await command.ExecuteNonQueryAsync(Ct);
            });
        }
    }

    [Fact]
    public async Task Without_a_database_a_host_is_unready_and_says_no_more()
    {
        await using var nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=secret-user;Timeout=1");
        var answer = await Asking(nowhere).AskAsync(Ct);
        answer.Ready.ShouldBeFalse();
        answer.Checks.ShouldHaveSingleItem().Value.ShouldBe(new ReadinessCheck(false, "It does not answer."));
    }

    [Fact]
    public async Task An_unmigrated_database_makes_a_host_unready()
    {
        var connectionString = await TestPostgres.CreateEmptyAsync(Ct);
        try
        {
            await using var empty = NpgsqlDataSource.Create(connectionString);
            var answer = await Asking(empty).AskAsync(Ct);
            answer.Ready.ShouldBeFalse();
            answer.Checks["database"].Ready.ShouldBeTrue();
            answer.Checks["migrations"].Ready.ShouldBeFalse();
        }
        finally
        {
            await TestPostgres.DropAsync(connectionString);
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Readiness Asking(NpgsqlDataSource database)
    {
        var modules = app.Services.GetServices<ModuleDefinition>().ToList();
        return new Readiness(
            new Migrator(new SchemaOwner(database), modules, app.Clock, NullLogger<Migrator>.Instance),
            new MessageBacklog(database, modules, app.Clock),
            new HealthSettings { Timeout = TimeSpan.FromSeconds(30) }, app.Clock);
    }
}
