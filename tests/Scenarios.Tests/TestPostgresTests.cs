using Npgsql;

namespace Licensing.Scenarios.Tests;

public sealed class TestPostgresTests : IAsyncLifetime
{
    private readonly List<string> _made = [];
    private readonly List<string> _keys = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var database in _made)
            await TestPostgres.DropAsync(database);
        if (_keys.Count == 0)
            return;
        await using var connection = await (await TestServer.GetAsync()).OpenMaintenanceAsync(Ct);
        foreach (var key in _keys)
            await AbandonedDatabases.DropTemplateAsync(connection, TestPostgres.TemplatePrefix + key);
    }

    [Fact]
    public async Task Clones_have_what_was_prepared_once_and_are_apart()
    {
        var key = NewKey();
        var prepared = 0;

        var clones = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => TestPostgres.CloneAsync(key, async template =>
        {
            Interlocked.Increment(ref prepared);
            await AskAsync(template, "create table kept as select 42 as answer");
        }, Ct))));
        _made.AddRange(clones);

        prepared.ShouldBe(1);
        await AskAsync(clones[0], "update kept set answer = 1");
        (await AskAsync(clones[0], "select answer from kept")).ShouldBe(1);
        (await AskAsync(clones[1], "select answer from kept")).ShouldBe(42);
    }

    [Fact]
    public async Task A_template_whose_preparation_failed_is_not_used()
    {
        var key = NewKey();
        await Should.ThrowAsync<PostgresException>(() => TestPostgres.CloneAsync(key, async template =>
        {
            await AskAsync(template, "create table half as select 1");
            await AskAsync(template, "select * from no_such_table");
        }, Ct));

        _made.Add(await TestPostgres.CloneAsync(key, template => AskAsync(template, "create table kept as select 42 as answer"), Ct));

        (await AskAsync(_made[0], "select to_regclass('half') is null and to_regclass('kept') is not null")).ShouldBe(true);
    }

    [Fact]
    public async Task What_is_swept_is_never_a_database_of_PostgreSQL_itself()
    {
        await using var connection = await (await TestServer.GetAsync()).OpenMaintenanceAsync(Ct);

        (await AbandonedDatabases.NamesAsync(connection, TestPostgres.TemplatePrefix)).ShouldNotContain("template1");
        (await AbandonedDatabases.NamesAsync(connection, "template")).ShouldContain("template1");
    }

    [Fact]
    public async Task Dropping_does_not_wait_for_those_who_are_connected()
    {
        var database = await TestPostgres.CreateEmptyAsync(Ct);
        await using var busy = new NpgsqlConnection(database);
        await busy.OpenAsync(Ct);

        await TestPostgres.DropAsync(database);

        var gone = await Should.ThrowAsync<PostgresException>(() => AskAsync(database, "select 1"));
        gone.SqlState.ShouldBe(PostgresErrorCodes.InvalidCatalogName);
    }

    [Fact]
    public void Only_the_databases_of_processes_that_are_gone_count_as_abandoned()
    {
        var own = DatabaseName.Next();
        var parts = own.Split('_');

        DatabaseName.IsAbandoned(own).ShouldBeFalse();
        // The same number, born at another moment: the number was used again.
        DatabaseName.IsAbandoned($"test_{parts[1]}_{parts[2]}_00000000_1").ShouldBeTrue();
        // Beyond the largest process number.
        DatabaseName.IsAbandoned($"test_{parts[1]}_999999999_{parts[3]}_1").ShouldBeTrue();
        DatabaseName.IsAbandoned($"test_00000000_999999999_{parts[3]}_1").ShouldBeFalse("another machine's");
        DatabaseName.IsAbandoned("test_by_hand").ShouldBeFalse();
    }

    private string NewKey()
    {
        _keys.Add($"selftest_{Path.GetRandomFileName().Replace('.', '_')}");
        return _keys[^1];
    }

    private static async Task<object?> AskAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct);
    }
}
