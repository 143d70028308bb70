using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Usage.Data;

/// <summary>
/// Reads a page in the order of an index, whatever the planner thinks of how many rows there are: of bounds that come in a table it guesses a
/// few, sorts them all and finds them to be a tenant's day of a million. What is left to it is to go along the index until the page is full.
/// </summary>
internal static class ByIndex
{
    // What is turned off costs so much to versions before 18 that they would compile the statement first.
    private static readonly string[] Settings = ["enable_sort", "enable_bitmapscan", "enable_seqscan", "jit"];

    private static readonly string Before =
        "select " + string.Join(", ", [
            .. Settings.Select(x => $"current_setting('{x}')"), .. Settings.Select(x => $"set_config('{x}', 'off', true)")]);

    private static readonly string After = $"select {string.Join(", ", Settings.Select((x, i) => $"set_config('{x}', ${i + 1}, true)"))}";

    public static async Task ReadAsync(
        DbSession session, string sql, IEnumerable<NpgsqlParameter> parameters, Action<NpgsqlDataReader> read, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(Before));
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        batch.BatchCommands.Add(command);
        string[] before;
        await using (var rows = await batch.ExecuteReaderAsync(ct))
        {
            await rows.ReadAsync(ct);
            before = [.. Settings.Select((_, i) => rows.GetString(i))];
            await rows.NextResultAsync(ct);
            while (await rows.ReadAsync(ct))
                read(rows);
        }

        // A caller's transaction goes on; without one the settings have ended with the statement.
        if (!session.InTransaction)
            return;
        await using var after = new NpgsqlCommand(After, session.Connection, session.Transaction);
        foreach (var value in before)
            after.Parameters.Add(new() { Value = value });
        await after.ExecuteNonQueryAsync(ct);
    }
}
