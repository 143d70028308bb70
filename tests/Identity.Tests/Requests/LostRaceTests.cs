using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
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
        public Func<NpgsqlDataSource, Task> Fate { get; set; } = _ => Task.CompletedTask;

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

    private sealed class Handler(Unlucky app, NpgsqlDataSource database) : ICommandHandler<Try, Done>
    {
        public async Task<Result<Done>> Handle(Try command, CancellationToken cancellationToken)
        {
            await app.Fate(database);
            return default(Done);
        }
    }

    [Fact]
    public async Task A_lost_race_is_not_kept_as_the_answer_to_a_retry()
    {
        await ShouldSucceedOnRetryAsync(_ => throw new DbUpdateConcurrencyException(), HttpStatusCode.Conflict, "concurrent_change");
        await ShouldSucceedOnRetryAsync(_ => throw new DbUpdateException("", Postgres(PostgresErrorCodes.UniqueViolation, "users_email_key")), HttpStatusCode.Conflict, "email_taken");
    }

    private async Task ShouldSucceedOnRetryAsync(Func<NpgsqlDataSource, Task> fate, HttpStatusCode status, string code)
    {
        var branch = await app.BranchAsync();
        using var client = branch.Administrator();
        var key = Guid.NewGuid().ToString();
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
