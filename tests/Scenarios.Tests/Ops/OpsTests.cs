using System.Text.Json.Nodes;
using Licensing.Host;
using Licensing.Host.Ops;
using Licensing.Kernel.Ops;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Scenarios.Ops;

public sealed class OpsTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task Migrations_are_listed_and_applying_them_again_does_nothing()
    {
        var status = await RunAsync("db", "status");
        status.ExitCode.ShouldBe(0);
        status.Output.ShouldContain("0001_kernel");
        status.Output.ShouldContain("Applied");

        var nothing = await RunAsync("db", "migrate", "--json");
        nothing.Output.Trim().ShouldBe("[]", nothing.Errors);
        (await RunAsync("db", "migrate")).Output.Trim().ShouldBe("Nothing.");
    }

    [Fact]
    public async Task A_message_is_parked_shown_retried_and_purged()
    {
        var id = await PublishAsync();
        (await RunAsync("messages", "list", "--json", "--schema", "billing", "--state", "waiting")).Output.ShouldContain(id.ToString());
        (await RunAsync("messages", "park", $"{id}", "--json")).Json()["messages"]!.GetValue<int>().ShouldBe(1);

        var shown = await RunAsync("messages", "show", $"{id}", "--json");
        shown.Json()["state"]!.GetValue<string>().ShouldBe("parked");
        shown.Json()["body"]!.GetValue<string>().ShouldContain("Ada");
        (await RunAsync("messages", "list", "--state", "parked")).Output.ShouldContain(id.ToString());

        (await RunAsync("messages", "retry", $"{id}", "--json")).Json()["messages"]!.GetValue<int>().ShouldBe(1);
        await RunAsync("messages", "park", $"{id}");
        (await RunAsync("messages", "retry", "--parked", "--schema", "billing", "--json")).Json()["messages"]!.GetValue<int>().ShouldBe(1);

        await RunAsync("messages", "park", $"{id}");
        (await RunAsync("messages", "purge", "--days", "30")).ExitCode.ShouldBe(2);
        (await RunAsync("messages", "purge", "--days", "30", "--yes", "--json")).Json()["messages"]!.GetValue<int>().ShouldBe(0);
        (await RunAsync("messages", "purge", "--days", "0", "--yes")).ExitCode.ShouldBe(0);
    }

    [Theory]
    [InlineData(2, "is not a message's id", "messages", "show", "1")]
    [InlineData(1, "There is no message 019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01", "messages", "show", "019bc0e5-5c00-7d3a-9f10-6b1f2e4a7c01")]
    [InlineData(2, "--limit must be 1 to 1000", "messages", "list", "--limit", "0")]
    [InlineData(2, "--state must be waiting or parked", "messages", "list", "--state", "lost")]
    [InlineData(2, "ops help", "messages", "bogus")]
    [InlineData(2, "Required argument missing", "messages", "show")]
    [InlineData(2, "Name the messages", "messages", "retry")]
    [InlineData(2, "Name the messages", "messages", "park")]
    public async Task What_is_wrong_is_one_sentence_on_standard_error(int exitCode, string sentence, params string[] args)
    {
        var outcome = await RunAsync(args);
        outcome.ExitCode.ShouldBe(exitCode);
        outcome.Output.ShouldBeEmpty();
        outcome.Errors.ShouldContain(sentence);
        outcome.Errors.Trim().ShouldNotContain("\n");
    }

    [Fact]
    public async Task The_audit_trail_is_verified_at_the_terminal()
    {
        await app.BranchAsync();

        var verified = await RunAsync("audit", "verify", "--json");

        verified.ExitCode.ShouldBe(0);
        verified.Json().AsArray().ShouldAllBe(chain => chain!["finding"]!.GetValue<string>() == "intact");
        var unknown = await RunAsync("audit", "verify", "--head", "00ff");
        unknown.ExitCode.ShouldBe(1);
        unknown.Errors.ShouldContain("this head is no part of any chain any more");
    }

    [Fact]
    public async Task Signing_keys_are_listed_and_rotated_and_a_stolen_one_ends()
    {
        (await RunAsync("keys", "list")).Output.ShouldContain("Current");

        (await RunAsync("keys", "rotate", "--json")).ExitCode.ShouldBe(0);
        (await RunAsync("keys", "list")).Output.ShouldContain("Next");
        var again = await RunAsync("keys", "rotate");
        (again.ExitCode, again.Errors.Trim()).ShouldBe((1, "There is a next key already, which has not begun to sign."));

        (await RunAsync("keys", "rotate", "--compromised")).ExitCode.ShouldBe(0);
        var left = (await RunAsync("keys", "list")).Output;
        left.ShouldContain("Current");
        left.ShouldContain("Ended");
        left.ShouldNotContain("Next");
    }

    [Fact]
    public async Task A_file_of_numbers_longer_than_a_request_takes_is_tried_loaded_and_listed()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(file,
                Enumerable.Range(0, 10_500).Select(i => $"+4369{100_000 + i},AT,Mobile").Prepend("number,country,type"),
                TestContext.Current.CancellationToken);

            (await RunAsync("numbers", "import", file, "--dry-run", "--json")).Json()["loaded"]!.GetValue<int>().ShouldBe(10_500);
            (await RunAsync("numbers", "list", "--country", "AT")).Output.Trim().ShouldBe("Nothing.");
            (await RunAsync("numbers", "import", file, "--json")).Json()["loaded"]!.GetValue<int>().ShouldBe(10_500);
            var listed = (await RunAsync("numbers", "list", "--country", "AT", "--state", "available", "--limit", "450", "--json")).Json().AsArray();
            (listed.Count, listed[0]!["type"]!.GetValue<string>()).ShouldBe((450, "Mobile"));

            // One that is there in the last part takes back all before it.
            await File.WriteAllLinesAsync(file,
                Enumerable.Range(0, 2_000).Select(i => $"+4369{210_000 - i + (i == 1_999 ? -100_000 : 0)},AT,Mobile").Prepend("number,country,type"),
                TestContext.Current.CancellationToken);
            var again = await RunAsync("numbers", "import", file);
            (again.ExitCode, again.Errors.Trim()).ShouldBe((1, "Row 2001, number: +4369108001 is in a pool already."));
            (await RunAsync("numbers", "list", "--number", "+4369210000")).Output.Trim().ShouldBe("Nothing.");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData(2, "There is no file 'nowhere.csv'.", "numbers", "import", "nowhere.csv")]
    [InlineData(2, "--organization must be an organization's id, not 'me'.", "numbers", "import", "nowhere.csv", "--organization", "me")]
    [InlineData(2, "--limit must be 1 to 10000, not '0'.", "numbers", "list", "--limit", "0")]
    [InlineData(2, "--tenant must be a tenant's id, not 'me'.", "numbers", "list", "--tenant", "me")]
    [InlineData(2, "state must be one of Available, Allocated, Quarantined, Withdrawn.", "numbers", "list", "--state", "lost")]
    public async Task What_is_wrong_about_numbers_is_one_sentence(int exitCode, string sentence, params string[] args)
    {
        var outcome = await RunAsync(args);
        (outcome.ExitCode, outcome.Output, outcome.Errors.Trim().Split(". ")[0].TrimEnd('.') + ".").ShouldBe((exitCode, "", sentence));
    }

    [Fact]
    public async Task Help_lists_the_commands_with_their_summaries()
    {
        var help = await RunAsync("help", "messages");
        help.ExitCode.ShouldBe(0);
        help.Output.ShouldContain("purge");
        help.Output.ShouldContain("Forgets parked messages for good.");
    }

    [Fact]
    public async Task A_command_of_a_module_runs_as_the_system_with_what_was_typed()
    {
        var outcome = await RunAsync(
            builder => builder.Services.AddSingleton(new OpsCommand(
                "things count", "Counts things.",
                [new("kind", "What to count.", OpsArgumentKind.Many), new("--deep", "All of them.", OpsArgumentKind.Flag)],
                (call, _) => Task.FromResult<Result<OpsAnswer>>(new OpsAnswer(new
                {
                    Caller = call.Services.GetRequiredService<Principal>().Access.Name,
                    Kinds = call.All("kind"),
                    Deep = call.Has("--deep"),
                })))),
            "things", "count", "a", "b", "--deep", "--json");
        outcome.Json().ToJsonString().ShouldBe("""{"caller":"system","kinds":["a","b"],"deep":true}""");
    }

    [Fact]
    public async Task A_database_that_is_not_migrated_is_one_sentence()
    {
        var connectionString = await TestPostgres.CreateEmptyAsync(TestContext.Current.CancellationToken);
        await using (var empty = NpgsqlDataSource.Create(connectionString))
        {
            var outcome = await RunAsync(builder => builder.Services.AddSingleton(empty), "messages", "list");
            outcome.ExitCode.ShouldBe(1);
            outcome.Errors.Trim().ShouldBe("The database does not have this version's schema: run ops db migrate.");
        }

        await TestPostgres.DropAsync(connectionString);
    }

    [Theory]
    [InlineData("--port 8081 --data /srv", null, "Urls=http://127.0.0.1:8081;Data:Folder=/srv", "")]
    [InlineData("--port=0 --Limits:Burst 5 --Limits:PerSecond=7", null, "Urls=http://127.0.0.1:0", "--Limits:Burst 5 --Limits:PerSecond=7")]
    [InlineData("--port 70000", "--port must be 0 to 65535, not '70000'.", "", "")]
    [InlineData("--port", "--port needs a value.", "", "")]
    [InlineData("now", "'now' is not expected here; see: help", "", "")]
    public void Arguments_of_serve_become_settings(string args, string? wrong, string expected, string others)
    {
        ServeCommand.Settings(args.Split(' '), out var rest, out var settings).ShouldBe(wrong);
        if (wrong is not null)
            return;
        string.Join(';', settings.Select(s => $"{s.Key}={s.Value}")).ShouldBe(expected);
        string.Join(' ', rest).ShouldBe(others);
    }

    private sealed record Outcome(int ExitCode, string Output, string Errors)
    {
        public JsonNode Json() => JsonNode.Parse(Output)!;
    }

    private Task<Outcome> RunAsync(params string[] args) => RunAsync(_ => { }, args);

    private async Task<Outcome> RunAsync(Action<Microsoft.AspNetCore.Builder.WebApplicationBuilder> configure, params string[] args)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        var terminal = new Terminal(output, errors)
        {
            HasDatabase = true,
            Configure = builder =>
            {
                builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Security:MasterKey"] = App.MasterKey });
                builder.Services.AddSingleton(app.Services.GetRequiredService<NpgsqlDataSource>());
                configure(builder);
            },
        };
        return new Outcome(
            await OpsCommandLine.RunAsync(args, terminal, TestContext.Current.CancellationToken), output.ToString(), errors.ToString());
    }

    private async Task<Guid> PublishAsync() => await app.InAsync<NpgsqlDataSource, Guid>(async database =>
    {
        await using var command = database.CreateCommand("""
            insert into billing.outbox (id, message_id, name, subscriber, body, occurred_at, deliver_at)
            values (gen_random_uuid(), gen_random_uuid(), 'a.b.v1', 'x.y', '{"name":"Ada"}', now(), now()) returning id
            """);
        return (Guid)(await command.ExecuteScalarAsync())!;
    });
}
