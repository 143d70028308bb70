using System.Diagnostics;
using Licensing.Host.Database;
using Npgsql;

namespace Licensing.Scenarios.Tests;

public sealed class EmbeddedPostgresTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"licensing-pg-{Path.GetRandomFileName()}");
    private readonly List<EmbeddedPostgres> _started = [];
    private readonly List<string> _said = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _started)
            await server.DisposeAsync();
        foreach (var folder in _started.Select(server => server.Folder).Append(_folder).Distinct().Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Starts_on_an_empty_folder_with_a_durable_checked_cluster_that_listens_on_loopback_only()
    {
        var server = await StartAsync(new EmbeddedPostgresSettings(_folder));

        server.Owner.ShouldBeTrue();
        (await AskAsync(server, "select current_database()")).ShouldBe("licensing");
        (await AskAsync(server, "show fsync")).ShouldBe("on");
        (await AskAsync(server, "show synchronous_commit")).ShouldBe("on");
        (await AskAsync(server, "show full_page_writes")).ShouldBe("on");
        (await AskAsync(server, "show data_checksums")).ShouldBe("on");
        (await AskAsync(server, "show listen_addresses")).ShouldBe("127.0.0.1");
        (await AskAsync(server, "show unix_socket_directories")).ShouldBe("");
        (await AskAsync(server, "show shared_buffers")).ShouldBe("256MB");
        (await AskAsync(server, "select lower('ÄÉ')")).ShouldBe("äé");
    }

    [Fact]
    public async Task The_server_keeps_the_password_from_other_users_and_lets_no_one_in_without_it()
    {
        var server = await StartAsync(Quick());

        var wrong = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = "guess", Pooling = false }.ConnectionString;
        var refused = await Should.ThrowAsync<PostgresException>(() => AskAsync(wrong, "select 1"));
        refused.SqlState.ShouldBe("28P01");
        (await AskAsync(server, "select passwd like 'SCRAM-SHA-256$%' from pg_shadow where usename = current_user")).ShouldBe(true);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Path.Combine(server.Folder, "password")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.GetUnixFileMode(server.Folder).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public async Task Data_stays_between_starts()
    {
        var first = await StartAsync(Quick());
        await AskAsync(first, "create table kept as select 42 as answer");
        await first.DisposeAsync();

        (await AnswersAsync(first)).ShouldBeFalse();
        var second = await StartAsync(Quick());
        (await AskAsync(second, "select answer from kept")).ShouldBe(42);
    }

    [Fact]
    public async Task A_server_whose_owner_was_killed_is_adopted_and_stopped_by_the_next()
    {
        var killed = await StartAsync(Quick());
        await AskAsync(killed, "create table kept as select 42 as answer");
        var server = await AskAsync(killed, "select pg_postmaster_start_time()");
        killed.LeaveRunning();

        var next = await StartAsync(Quick());

        next.Owner.ShouldBeTrue();
        next.ConnectionString.ShouldBe(killed.ConnectionString);
        (await AskAsync(next, "select pg_postmaster_start_time()")).ShouldBe(server);
        await next.DisposeAsync();
        (await AnswersAsync(next)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_second_process_attaches_and_does_not_stop_the_server()
    {
        var owner = await StartAsync(Quick());
        var guest = await StartAsync(Quick());

        guest.Owner.ShouldBeFalse();
        guest.ConnectionString.ShouldBe(owner.ConnectionString);
        await guest.DisposeAsync();
        (await AskAsync(owner, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task Several_that_start_at_once_on_an_empty_folder_share_one_server()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => StartAsync(Quick()))));

        all.Count(server => server.Owner).ShouldBe(1);
        all.Select(server => server.ConnectionString).Distinct().Count().ShouldBe(1);
        foreach (var server in all)
            (await AskAsync(server, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task A_server_killed_with_all_its_processes_is_started_again_with_what_it_had_committed()
    {
        var settings = new EmbeddedPostgresSettings(_folder);
        var killed = await StartAsync(settings);
        await AskAsync(killed, "create table kept as select 42 as answer");
        var pid = int.Parse(File.ReadLines(Path.Combine(killed.Folder, "data", "postmaster.pid")).First());
        using (var postmaster = Process.GetProcessById(pid))
        {
            postmaster.Kill(entireProcessTree: true);
            await postmaster.WaitForExitAsync(Ct);
        }

        killed.LeaveRunning();
        NpgsqlConnection.ClearAllPools();
        var next = await StartAsync(settings);

        (await AskAsync(next, "select answer from kept")).ShouldBe(42);
    }

    [Fact]
    public async Task A_process_number_that_a_stranger_now_has_is_not_taken_for_the_server()
    {
        var first = await StartAsync(Quick());
        await first.DisposeAsync();
        var stale = Path.Combine(first.Folder, "data", "postmaster.pid");
        await File.WriteAllLinesAsync(
            stale, [$"{Environment.ProcessId}", Path.Combine(first.Folder, "data"), "1700000000", "1", "", "127.0.0.1", ""], Ct);

        var next = await StartAsync(Quick());

        next.Owner.ShouldBeTrue();
        (await AskAsync(next, "select 1")).ShouldBe(1);
    }

    [Fact]
    public async Task A_half_made_cluster_is_thrown_away()
    {
        var unfinished = Path.Combine(_folder, "data.new-killed");
        Directory.CreateDirectory(Path.Combine(unfinished, "base"));
        await File.WriteAllTextAsync(Path.Combine(unfinished, "PG_VERSION"), "15\n", Ct);

        var server = await StartAsync(Quick());

        (await AskAsync(server, "select 1")).ShouldBe(1);
        Directory.Exists(unfinished).ShouldBeFalse();
    }

    [Fact]
    public async Task A_setting_that_the_server_does_not_know_is_shown_from_its_log()
    {
        var settings = Quick() with { ServerSettings = new Dictionary<string, string> { ["no_such_setting"] = "1" } };

        var refused = await Should.ThrowAsync<EmbeddedPostgresException>(() => StartAsync(settings));

        refused.Message.ShouldContain("unrecognized configuration parameter \"no_such_setting\"");
    }

    [Fact]
    public async Task Changed_settings_reach_a_server_that_is_adopted()
    {
        var killed = await StartAsync(Quick());
        killed.LeaveRunning();

        var next = await StartAsync(Quick() with { ServerSettings = new Dictionary<string, string> { ["work_mem"] = "5MB" } });

        (await AskAsync(next, "show work_mem")).ShouldBe("5MB");
    }

    [Fact]
    public async Task The_server_is_in_a_session_of_its_own_so_a_terminal_cannot_interrupt_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sessions are read from /proc.");
        var server = await StartAsync(Quick());
        var pid = int.Parse(File.ReadLines(Path.Combine(server.Folder, "data", "postmaster.pid")).First());

        Session(pid).ShouldNotBe(Session(Environment.ProcessId));

        static string Session(int process) => File.ReadAllText($"/proc/{process}/stat").Split(") ")[1].Split(' ')[3];
    }

    [Fact]
    public async Task Started_by_root_it_runs_as_someone_else_in_a_folder_which_that_user_can_reach()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root meets this.");
        Directory.CreateDirectory(_folder);
        SetMode(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var server = await StartAsync(Quick(Path.Combine(_folder, "closed")));

        server.Folder.ShouldStartWith("/var/lib/licensing-");
        _said.ShouldContain(sentence => sentence.Contains("cannot reach") && sentence.Contains(server.Folder));
        (await AskAsync(server, "select 1")).ShouldBe(1);
        var pid = int.Parse(File.ReadLines(Path.Combine(server.Folder, "data", "postmaster.pid")).First());
        File.ReadLines($"/proc/{pid}/status").Single(line => line.StartsWith("Uid:")).ShouldNotContain("\t0\t");
    }

    [Fact]
    public async Task Without_any_programs_one_sentence_names_the_ways_out()
    {
        var refused = await Should.ThrowAsync<EmbeddedPostgresException>(() => StartAsync(Quick(), Nowhere));

        refused.Message.ShouldBe(
            "No programs of PostgreSQL 15 or newer were found: install it (Debian: apt-get install postgresql; macOS: brew install postgresql), " +
            "or name its bin folder in LICENSING_PG_BIN, or give the connection string of any server in LICENSING_POSTGRES.");
    }

    [Theory]
    [InlineData("14.18")]
    [InlineData("9.6.24")]
    public async Task A_version_that_is_too_old_is_refused_when_named_and_passed_over_when_found(string version)
    {
        var old = FakePrograms(version);
        var major = version.Split('.')[0];

        var named = await Should.ThrowAsync<EmbeddedPostgresException>(() => StartAsync(Quick() with { BinFolder = old }, Nowhere));
        named.Message.ShouldBe($"The setting Database:Embedded:BinFolder names {old}, which is PostgreSQL {major}; 15 or newer is needed.");

        var found = await Should.ThrowAsync<EmbeddedPostgresException>(() => StartAsync(Quick(), Nowhere with { Folders = [old] }));
        found.Message.ShouldStartWith($"No programs of PostgreSQL 15 or newer were found (only {major} in {old})");
    }

    [Fact]
    public async Task A_folder_that_was_named_wrongly_is_an_error_and_not_a_reason_to_look_elsewhere()
    {
        var here = PlacesToLook.OnThisMachine(null, _said.Add);

        var refused = await Should.ThrowAsync<EmbeddedPostgresException>(() => StartAsync(Quick(), here with { Variable = "/no/such/folder" }));

        refused.Message.ShouldBe("LICENSING_PG_BIN names /no/such/folder, which has no working postgres, initdb, pg_ctl.");
    }

    [Fact]
    public async Task Data_of_another_major_version_is_not_opened()
    {
        var server = await StartAsync(Quick());
        await server.DisposeAsync();

        var refused = await Should.ThrowAsync<EmbeddedPostgresException>(
            () => StartAsync(Quick(), Nowhere with { Folders = [FakePrograms("99.1")] }));

        refused.Message.ShouldContain("which made the existing data, were found (only 99 in ");
    }

    private static PlacesToLook Nowhere => new(null, [], _ => Task.FromResult<string?>(null));

    private EmbeddedPostgresSettings Quick(string? folder = null) => new(folder ?? _folder, Durable: false);

    private Task<EmbeddedPostgres> StartAsync(EmbeddedPostgresSettings settings) =>
        KeepAsync(EmbeddedPostgres.StartAsync(settings, Say, Ct));

    private Task<EmbeddedPostgres> StartAsync(EmbeddedPostgresSettings settings, PlacesToLook look) =>
        KeepAsync(EmbeddedPostgres.StartAsync(settings, _ => look, Say, Ct));

    private async Task<EmbeddedPostgres> KeepAsync(Task<EmbeddedPostgres> start)
    {
        var server = await start;
        lock (_started)
            _started.Add(server);
        return server;
    }

    private void Say(string sentence)
    {
        lock (_said)
            _said.Add(sentence);
    }

    private string FakePrograms(string version)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-ins are shell scripts.");
        var folder = Path.Combine(_folder, $"fake-{version}");
        Directory.CreateDirectory(folder);
        foreach (var program in new[] { "postgres", "initdb", "pg_ctl" })
        {
            var path = Path.Combine(folder, program);
            File.WriteAllText(path, $"#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n");
            SetMode(path, (UnixFileMode)0b111_101_101);
        }

        return folder;
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }

    private static async Task<bool> AnswersAsync(EmbeddedPostgres server)
    {
        try
        {
            await AskAsync(server, "select 1");
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static Task<object?> AskAsync(EmbeddedPostgres server, string sql) =>
        AskAsync(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false }.ConnectionString, sql);

    private static async Task<object?> AskAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct);
    }
}
