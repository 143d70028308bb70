using System.CommandLine;
using Licensing.Host.Database;
using Licensing.Host.Observability;
using Licensing.Kernel;
using Licensing.Kernel.Ops;
using Npgsql;

namespace Licensing.Host.Ops;

/// <summary>
/// <c>ops …</c>: the commands of the host and of the modules, on the same composition as the API. Exit codes: 0 done, 1 refused or
/// failed, 2 wrongly typed.
/// </summary>
internal static class OpsCommandLine
{
    private const int Failed = 1;
    private const int WronglyTyped = 2;

    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken ct)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = typeof(OpsCommandLine).Assembly.GetName().Name });
        terminal.Configure(builder);
        // The hosts deliver; a command only leaves its messages in the outbox.
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Messaging:InBackground"] = "false" });
        builder.LogToConsole();
        // Standard output is for the answer.
        builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning)
            .AddFilter((_, level) => level >= LogLevel.Warning);
        builder.AddLicensing();

        var commands = builder.Services.Select(s => s.ImplementationInstance).OfType<OpsCommand>();
        var root = Tree([.. DatabaseCommands.All, .. MessageCommands.All, .. commands],
            (command, call, stop) => RunAsync(builder, command, call, terminal, stop));
        var parsed = root.Parse(args is ["help", .. var topic] ? [.. topic, "--help"] : args.Length == 0 ? ["--help"] : args);
        if (parsed.Errors.Count > 0)
        {
            await terminal.Errors.WriteLineAsync($"{string.Join(" ", parsed.Errors.Select(e => e.Message))} Try: ops help");
            return WronglyTyped;
        }

        return await parsed.InvokeAsync(
            new InvocationConfiguration { Output = terminal.Output, Error = terminal.Errors, EnableDefaultExceptionHandler = false }, ct);
    }

    private delegate Task<int> Run(OpsCommand command, Dictionary<string, IReadOnlyList<string>> given, CancellationToken ct);

    private static RootCommand Tree(IReadOnlyList<OpsCommand> commands, Run run)
    {
        var root = new RootCommand("Commands for those who run Licensing. Output is a table; --json is for scripts.");
        var json = new Option<bool>("--json") { Description = "Answers as JSON.", Recursive = true };
        root.Add(json);
        foreach (var described in commands.OrderBy(c => c.Name, StringComparer.Ordinal))
        {
            Command at = root;
            foreach (var word in described.Name.Split(' '))
            {
                var next = at.Subcommands.FirstOrDefault(c => c.Name == word);
                if (next is null)
                    at.Add(next = new Command(word));
                at = next;
            }

            at.Description = described.Summary;
            var read = described.Arguments.Select(a => Add(at, a)).ToList();
            at.SetAction((parsed, ct) =>
            {
                var given = new Dictionary<string, IReadOnlyList<string>>();
                foreach (var (name, values) in read.Select(r => r(parsed)))
                    if (values is not null)
                        given.Add(name, values);
                if (parsed.GetValue(json))
                    given.Add("--json", []);
                return run(described, given, ct);
            });
        }

        return root;
    }

    private static Func<ParseResult, (string Name, IReadOnlyList<string>? Values)> Add(Command command, OpsArgument argument)
    {
        if (argument.Kind is OpsArgumentKind.Flag)
        {
            var flag = new Option<bool>(argument.Name) { Description = argument.Summary };
            command.Add(flag);
            return parsed => (argument.Name, parsed.GetValue(flag) ? [] : null);
        }

        if (argument.Name.StartsWith('-'))
        {
            var option = new Option<string[]>(argument.Name)
            {
                CustomParser = Values,
                Description = argument.Summary,
                Required = argument.Kind is OpsArgumentKind.Required,
                Arity = argument.Kind is OpsArgumentKind.Many ? ArgumentArity.OneOrMore : ArgumentArity.ExactlyOne,
            };
            command.Add(option);
            return parsed => (argument.Name, Unless(parsed.GetValue(option)));
        }

        var place = new Argument<string[]>(argument.Name)
        {
            CustomParser = Values,
            Description = argument.Summary,
            Arity = argument.Kind switch
            {
                OpsArgumentKind.Required => ArgumentArity.ExactlyOne,
                OpsArgumentKind.Many => ArgumentArity.ZeroOrMore,
                _ => ArgumentArity.ZeroOrOne,
            },
        };
        command.Add(place);
        return parsed => (argument.Name, Unless(parsed.GetValue(place)));

        static string[] Values(System.CommandLine.Parsing.ArgumentResult result) => [.. result.Tokens.Select(t => t.Value)];

        static string[]? Unless(string[]? values) => values is { Length: > 0 } ? values : null;
    }

    private static async Task<int> RunAsync(
        WebApplicationBuilder builder, OpsCommand command, Dictionary<string, IReadOnlyList<string>> given, Terminal terminal, CancellationToken ct)
    {
        try
        {
            await using var postgres = terminal.HasDatabase ? null : await builder.AddDatabaseAsync(terminal.Errors.WriteLine, ct);
            await using var app = builder.Build();
            await using var scope = app.Services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
            if ((await command.RunAsync(new OpsCall(scope.ServiceProvider, given) { Progress = OpsProgress.To(terminal.Errors) }, ct))
                .Refused(out var refusal, out var answer))
            {
                await terminal.Errors.WriteLineAsync(string.Join(" ", refusal.Fields.Select(f => f.Message).Prepend(refusal.Message).Distinct()));
                return refusal.Kind is RefusalKind.Malformed ? WronglyTyped : Failed;
            }

            OpsOutput.Write(answer.Value, given.ContainsKey("--json"), terminal.Output);
            return answer.Failed ? Failed : 0;
        }
        catch (PostgresException missing) when (missing.SqlState is
            PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.UndefinedColumn)
        {
            await terminal.Errors.WriteLineAsync("The database does not have this version's schema: run ops db migrate.");
            return Failed;
        }
        catch (Exception failure) when (StartUp.Explains(failure))
        {
            await terminal.Errors.WriteLineAsync(StartUp.Sentence(failure));
            return Failed;
        }
    }
}

/// <summary>Where a command line writes, and what a test changes about its host.</summary>
internal sealed record Terminal(TextWriter Output, TextWriter Errors)
{
    public Action<WebApplicationBuilder> Configure { get; init; } = _ => { };

    /// <summary>Whether <see cref="Configure"/> has given the host a database.</summary>
    public bool HasDatabase { get; init; }

    public static Terminal Own => new(Console.Out, Console.Error);
}
