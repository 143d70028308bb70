using System.Net;
using Licensing.Host.Database;
using Licensing.Kernel.Http;
using Licensing.Kernel.Messaging;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using ISender = Licensing.Kernel.ISender;

namespace Licensing.Identity.Tests.Requests;

/// <summary>What the database says about races and outages, as a caller sees it.</summary>
public sealed class LostRaceTests(LostRaceTests.Unlucky app) : IClassFixture<LostRaceTests.Unlucky>
{
    public sealed class Unlucky : App
    {
        public Func<DbContext, Task> Fate { get; set; } = _ => Task.CompletedTask;

        protected override void Configure(WebApplicationBuilder builder)
        {
            builder.Services.AddSingleton(this);
            builder.Services.AddTransient<IRequestHandler<Try, Result<Done>>, Handler>();
        }

        protected override void Map(IEndpointRouteBuilder routes) => routes
            .MapPost("/try", (ISender sender, CancellationToken ct) => sender.NoContent(new Try(), ct)).Slice<Try>("Try", "Tries");
    }

    [AnyCaller]
    public sealed record Try : ICommand<Done>;

    private sealed class Handler(Unlucky app, IServiceProvider services, IEnumerable<ModuleDefinition> modules) : ICommandHandler<Try, Done>
    {
        public async Task<Result<Done>> Handle(Try command, CancellationToken cancellationToken)
        {
            await app.Fate((DbContext)services.GetRequiredService(modules.First().Db));
            return default(Done);
        }
    }

    [Fact]
    public async Task A_lost_race_is_not_kept_as_the_answer_to_a_retry()
    {
        await ShouldSucceedOnRetryAsync(_ => throw new DbUpdateConcurrencyException(), HttpStatusCode.Conflict, "concurrent_change");
        await ShouldSucceedOnRetryAsync(
            _ => throw new DbUpdateException("", Postgres(PostgresErrorCodes.UniqueViolation, "users_email_key")),
            HttpStatusCode.Conflict,
            "email_taken");
    }

    [Fact]
    public async Task Causes_count_however_deep_they_lie()
    {
        await ShouldSucceedOnRetryAsync(
            _ => throw new InvalidOperationException("", new DbUpdateException("", Postgres(PostgresErrorCodes.DeadlockDetected))),
            HttpStatusCode.Conflict,
            "concurrent_change");
        await ShouldSucceedOnRetryAsync(
            _ => throw new InvalidOperationException("", new DbUpdateException("", new NpgsqlException("", new TimeoutException()))),
            HttpStatusCode.ServiceUnavailable, "database_unavailable");
    }

    [Fact]
    public async Task A_connection_that_the_server_ends_is_an_outage_and_not_our_mistake()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        app.Fate = async db =>
        {
            await db.Database.ExecuteSqlRawAsync("select 1");
            await using var command = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand("select pg_terminate_backend($1)");
            command.Parameters.Add(new() { Value = ((NpgsqlConnection)db.Database.GetDbConnection()).ProcessID });
            await command.ExecuteNonQueryAsync();
            await db.Set<OutboxMessage>().CountAsync();
        };

        using var answer = await client.PostAsync("/try", new { });

        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task So_is_one_that_it_ends_for_idling_in_its_transaction()
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        app.Fate = async db =>
        {
            await db.Database.ExecuteSqlRawAsync("set local idle_in_transaction_session_timeout = '1ms'");
            var process = ((NpgsqlConnection)db.Database.GetDbConnection()).ProcessID;
            await Eventually.TrueAsync(async () =>
            {
                await using var command = app.Services.GetRequiredService<SchemaOwner>().Database.CreateCommand(
                    "select not exists (select from pg_stat_activity where pid = $1)");
                command.Parameters.Add(new() { Value = process });
                return (bool)(await command.ExecuteScalarAsync())!;
            });
            await db.Set<OutboxMessage>().CountAsync();
        };

        using var answer = await client.PostAsync("/try", new { });

        (answer.StatusCode, await answer.CodeAsync()).ShouldBe((HttpStatusCode.ServiceUnavailable, "database_unavailable"));
    }

    private async Task ShouldSucceedOnRetryAsync(Func<DbContext, Task> fate, HttpStatusCode status, string code)
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        var key = branch.Tenant.Id.Value.ToString();
        app.Fate = fate;
        using var lost = await client.PostAsync("/try", new { }, key);
        lost.StatusCode.ShouldBe(status);
        (await lost.CodeAsync()).ShouldBe(code);

        app.Fate = _ => Task.CompletedTask;
        (await client.PostAsync("/try", new { }, key)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    private static PostgresException Postgres(string state, string? constraint = null) =>
        new("", "ERROR", "ERROR", state, constraintName: constraint);
}
