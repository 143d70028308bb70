using Licensing.Host.Ops;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Licensing.Testing;

/// <summary>What a command of the terminal answered.</summary>
public sealed record OpsOutcome(int ExitCode, string Output, string Errors)
{
    /// <summary>Runs it on the app's database and clock, as a process of its own would.</summary>
    public static async Task<OpsOutcome> RunAsync(App app, params string[] args)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        var terminal = new Terminal(output, errors)
        {
            HasDatabase = true,
            Configure = builder =>
            {
                builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Security:MasterKey"] = App.MasterKey });
                builder.Services.AddSingleton(app.Services.GetRequiredService<NpgsqlDataSource>());
                builder.Services.AddSingleton<TimeProvider>(app.Clock);
            },
        };
        return new(await OpsCommandLine.RunAsync(args, terminal, TestContext.Current.CancellationToken), output.ToString(), errors.ToString());
    }
}
