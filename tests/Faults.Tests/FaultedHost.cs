using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;
using Npgsql;

namespace Licensing.Faults;

/// <summary>A host in a process of its own on a server that can be killed, with a key of its administrator.</summary>
internal sealed class FaultedHost : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("licensing-faulted-").FullName;
    private readonly List<HostProcess> _hosts = [];

    private FaultedHost(KillablePostgres postgres) => Postgres = postgres;

    public KillablePostgres Postgres { get; }

    /// <summary>The one started last.</summary>
    public HostProcess Host => _hosts[^1];

    /// <summary>Of the one started last, unless another is to be talked to.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>The platform administrator's key.</summary>
    public string Token { get; private set; } = "";

    /// <param name="settings">Beside those that every faulted host has; names with two underscores.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task<FaultedHost> StartAsync(IReadOnlyDictionary<string, string> settings, CancellationToken ct)
    {
        var faulted = new FaultedHost(await KillablePostgres.StartAsync(ct));
        try
        {
            await faulted.ServeAsync(settings, ct);
            await using (var source = NpgsqlDataSource.Create(faulted.Postgres.DirectConnectionString))
            await using (var command = source.CreateCommand("update identity.users set must_change_password = false"))
                await command.ExecuteNonQueryAsync(ct);
            var login = await faulted.PostAsync("auth/login", new { email = App.AdministratorEmail, password = App.AdministratorPassword }, ct);
            faulted.Token = login.GetProperty("accessToken").GetString()!;
            // A log-in is over after a quarter of an hour, a fault at length is not.
            var key = await faulted.PostAsync("api-keys", new { name = "Faults", role = Roles.PlatformAdministrator }, ct);
            faulted.Token = key.GetProperty("key").GetString()!;
            return faulted;
        }
        catch
        {
            await faulted.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a host on the same database: another one, or one after the last was killed.</summary>
    public async Task ServeAsync(IReadOnlyDictionary<string, string> settings, CancellationToken ct)
    {
        _hosts.Add(HostProcess.Serve(_folder, Environment(settings)));
        Address = new Uri((await Host.LineAsync("listens on", ct)).Split("listens on ")[1].Split(';')[0]);
    }

    /// <summary>From here on requests go to this one of its hosts.</summary>
    public void TalkTo(Uri host) => Address = host;

    /// <summary>A command of an operator on the same database.</summary>
    public HostProcess Ops(params string[] command) => Ops(new Dictionary<string, string>(), command);

    /// <summary>The same with settings of its own, which go before those that every faulted host has.</summary>
    public HostProcess Ops(IReadOnlyDictionary<string, string> settings, params string[] command) => HostProcess.Ops(Environment(settings), command);

    public HttpClient Client() => new()
    {
        BaseAddress = Address,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Token) },
    };

    /// <summary>Sends what the test needs to be there; fails when it is not accepted.</summary>
    public async Task<JsonElement> PostAsync(string path, object body, CancellationToken ct)
    {
        using var client = Client();
        using var answer = await client.PostAsJsonAsync($"/api/v1/{path}", body, ct);
        answer.IsSuccessStatusCode.ShouldBeTrue($"{path}: {await answer.Content.ReadAsStringAsync(ct)}\n{Host.Output}");
        return await answer.JsonAsync();
    }

    /// <summary>The common checker: the host answers again, and all that is in its database is right.</summary>
    public async Task HoldsAsync(CancellationToken ct)
    {
        await CommonChecker.AnswersAsync(Address, Token, ct);
        await CommonChecker.HoldsAsync(Postgres.DirectConnectionString, ct);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            // Whoever ended by itself says why; nobody sees it of a test that passes.
            if (host.HasEnded)
                TestContext.Current.TestOutputHelper?.WriteLine(host.Output);
            host.Dispose();
        }

        await Postgres.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private Dictionary<string, string> Environment(IReadOnlyDictionary<string, string> settings)
    {
        var all = new Dictionary<string, string>
        {
            ["LICENSING_POSTGRES"] = Postgres.ConnectionString,
            ["Security__MasterKey"] = App.MasterKey,
            ["Platform__AdministratorPassword"] = App.AdministratorPassword,
            ["Limits__Burst"] = "100000",
            ["Limits__AnonymousBurst"] = "100000",
        };
        foreach (var (name, value) in settings)
            all[name] = value;
        return all;
    }
}
