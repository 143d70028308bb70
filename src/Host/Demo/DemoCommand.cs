using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Licensing.Host.Demo;

/// <summary>
/// <c>demo</c>: a host with demonstration data. Runs the month through the public API, shows what it came to and goes on serving.
/// </summary>
internal static class DemoCommand
{
    private const string AdministratorEmail = "admin@platform.example";
    private const int UsualPort = 5080;

    // The month lies further back than usage and subscriptions are taken otherwise.
    private const string MonthsBack = "1200";

    private const string Usage = "demo [--exit] [--json FILE] [--port N] [--data FOLDER] [--Setting value …]";

    public static async Task<int> RunAsync(string[] args, CancellationToken ct)
    {
        if (Options.Read(args, out var options) is { } wrong)
        {
            await Console.Error.WriteLineAsync($"{wrong}\n{Usage}");
            return 2;
        }

        var console = AnsiConsole.Console;
        // Colours in a file are noise, whatever the environment says of the terminal behind it.
        if (Console.IsOutputRedirected)
            console.Profile.Capabilities.Ansi = false;
        try
        {
            var state = DemoState.LoadOrCreate(options.Folder, AdministratorEmail);
            await using var host = await RunningHost.StartAsync(
                options.HostArguments, Settings(options, state), text => console.MarkupLineInterpolated($"[grey]{text}[/]"), ct);
            using var http = new HttpClient { BaseAddress = new Uri(host.Address) };
            var data = DemoData.Load();
            var result = await DemoProgressBars.RunAsync(console, progress =>
                new DemoMonth(new ChannelClient(http), data, state, () => state.Save(options.Folder), progress).RunAsync(ct));

            DemoTables.Write(console, result);
            Tell(console, host.Address, state);
            if (options.JsonFile is { } file)
                SecretFile.Write(file,
                    Report(host.Address, state, result).ToJsonString(new JsonSerializerOptions(JsonSerializerOptions.Web) { WriteIndented = true }));
            if (!options.Exit)
            {
                console.MarkupLine("Serving until [bold]Ctrl-C[/].");
                await host.WaitForShutdownAsync(ct);
            }

            return 0;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return 0;
        }
        catch (ChannelRefusal refusal) when (refusal.Status is HttpStatusCode.Unauthorized)
        {
            await Console.Error.WriteLineAsync(
                "This database was set up from another data folder, whose demo.json holds the password. "
                + $"Bring it along with --data FOLDER, or use an empty database. ({refusal.Message})");
            return 1;
        }
        catch (Exception failure) when (failure is DemoException or HttpRequestException || StartUp.Explains(failure))
        {
            await Console.Error.WriteLineAsync($"The demonstration month stopped: {StartUp.Sentence(failure)}");
            return 1;
        }
    }

    private static Dictionary<string, string?> Settings(Options options, DemoState state) => new()
    {
        ["Demo:Enabled"] = "true",
        ["Data:Folder"] = options.Folder,
        ["Urls"] = $"http://127.0.0.1:{options.Port ?? FreeUsualPort()}",
        ["Platform:Name"] = "Demo Platform",
        ["Platform:AdministratorEmail"] = state.Email,
        ["Platform:AdministratorPassword"] = state.Password,
        ["Usage:RetentionMonths"] = MonthsBack,
        ["Provisioning:BackdateMonths"] = MonthsBack,
        // A killed demo goes on soon after it is started again.
        ["Messaging:Lease"] = "00:00:10",
        ["Logging:LogLevel:Default"] = "Warning",
    };

    // Someone who asked for no port wants an address, not a port; the usual one is only easier to remember.
    private static int FreeUsualPort()
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, UsualPort);
            probe.Start();
            return UsualPort;
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    private static void Tell(IAnsiConsole console, string address, DemoState state)
    {
        var table = new Table().Border(TableBorder.Rounded).Title("Where to go on").AddColumns("What", "Where");
        table.AddRow("API", $"{address}/api/v1");
        table.AddRow("Reference", $"{address}/swagger and {address}/scalar");
        table.AddRow("Administrator", Markup.Escape($"{state.Email} / {state.Password}"));
        foreach (var (externalId, key) in state.ApiKeys)
            table.AddRow(Markup.Escape($"API key of {externalId}"), Markup.Escape(key));
        console.Write(table);
    }

    private static JsonObject Report(string address, DemoState state, DemoResult result) => new()
    {
        ["url"] = address,
        ["admin"] = new JsonObject { ["email"] = state.Email, ["password"] = state.Password },
        ["apiKeys"] = new JsonObject(state.ApiKeys.Select(k => KeyValuePair.Create(k.Key, (JsonNode?)k.Value))),
        ["usageRecords"] = result.UsageRecords,
        ["invoices"] = result.Invoices,
        ["tenants"] = new JsonArray([.. Ordered(result.Tenants).Select(t => new JsonObject
        {
            ["externalId"] = t["externalId"]!.GetValue<string>(),
            ["usageExact"] = t["usageExact"]!.GetValue<string>(),
            ["net"] = Amount(t["net"]),
            ["tax"] = Amount(t["tax"]),
            ["total"] = Amount(t["total"]),
            ["currency"] = t["total"]!["currency"]!.GetValue<string>(),
        })]),
        ["commissions"] = new JsonArray([.. Ordered(result.Statements).Select(s => new JsonObject
        {
            ["externalId"] = s["externalId"]!.GetValue<string>(),
            ["kind"] = s["kind"]!.GetValue<string>(),
            ["basis"] = Amount(s["basis"]),
            ["commission"] = Amount(s["commission"]),
            ["currency"] = s["commission"]!["currency"]!.GetValue<string>(),
        })]),
    };

    private static IEnumerable<JsonObject> Ordered(IEnumerable<JsonObject> items) =>
        items.OrderBy(i => i["externalId"]!.GetValue<string>(), StringComparer.Ordinal);

    private static string Amount(JsonNode? money) => money!["amount"]!.GetValue<string>();

    private sealed record Options(bool Exit, string? JsonFile, int? Port, string Folder, string[] HostArguments)
    {
        public static string? Read(string[] args, out Options options)
        {
            var own = new List<string>();
            var (exit, json) = (false, (string?)null);
            options = null!;
            for (var i = 0; i < args.Length; i++)
                switch (args[i])
                {
                    case "--exit":
                        exit = true;
                        break;
                    case "--json" when i + 1 < args.Length:
                        json = args[++i];
                        break;
                    case "--json":
                        return "--json needs a file.";
                    default:
                        own.Add(args[i]);
                        break;
                }

            if (ServeCommand.Settings([.. own], out var rest, out var settings) is { } wrong)
                return wrong;
            var port = settings.GetValueOrDefault("Urls") is { } url ? new Uri(url).Port : (int?)null;
            options = new Options(exit, json, port, settings.GetValueOrDefault("Data:Folder") ?? ".data", rest);
            return null;
        }
    }
}
