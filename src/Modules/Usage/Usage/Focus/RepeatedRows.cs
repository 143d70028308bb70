using Licensing.Usage.Contracts;
using Npgsql;

namespace Licensing.Usage.Focus;

/// <summary>
/// Which rows of a file say the same of the usage as one before them, and the how many-th of it they are (ADR 0060). The like of a row may stand
/// anywhere in a file of any length: a table of this session alone sorts that out, not memory.
/// </summary>
internal sealed class RepeatedRows : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;

    private RepeatedRows(NpgsqlConnection connection) => _connection = connection;

    /// <param name="database">Keeps the table as long as this is not disposed of.</param>
    /// <param name="rows">All that are usage; read once.</param>
    /// <param name="ct">Gives up.</param>
    public static async Task<RepeatedRows> OfAsync(NpgsqlDataSource database, IEnumerable<FocusRow> rows, CancellationToken ct)
    {
        var repeated = new RepeatedRows(await database.OpenConnectionAsync(ct));
        try
        {
            await repeated.ReadAsync(rows, ct);
            return repeated;
        }
        catch
        {
            await repeated.DisposeAsync();
            throw;
        }
    }

    /// <returns>Of those between two rows that repeat one before them, by their number: 2 where it is the second.</returns>
    public async Task<IReadOnlyDictionary<long, long>> BetweenAsync(long first, long last, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select number, place from focus_repeated where number between $1 and $2", _connection)
        {
            Parameters = { new() { Value = first }, new() { Value = last } },
        };
        var places = new Dictionary<long, long>();
        await using var row = await command.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
            places.Add(row.GetInt64(0), row.GetInt64(1));
        return places;
    }

    // What a pooled connection leaves behind is dropped when it is taken again; until then nobody else sees it.
    public async ValueTask DisposeAsync()
    {
        await using (var drop = new NpgsqlCommand("drop table if exists focus_rows, focus_repeated", _connection))
            await drop.ExecuteNonQueryAsync(CancellationToken.None);
        await _connection.DisposeAsync();
    }

    private async Task ReadAsync(IEnumerable<FocusRow> rows, CancellationToken ct)
    {
        await ExecuteAsync("create temporary table focus_rows (number bigint not null, id text collate \"C\" not null)", ct);
        await using (var copy = await _connection.BeginBinaryImportAsync("copy focus_rows from stdin (format binary)", ct))
        {
            foreach (var row in rows)
            {
                await copy.StartRowAsync(ct);
                await copy.WriteAsync(row.Number, ct);
                await copy.WriteAsync(row.RecordId, ct);
            }

            await copy.CompleteAsync(ct);
        }

        await ExecuteAsync(
            """
            create temporary table focus_repeated as
                select number, place from (select number, row_number() over (partition by id order by number) as place from focus_rows) x
                where place > 1;
            create index on focus_repeated (number);
            drop table focus_rows
            """, ct);
    }

    private async Task ExecuteAsync(string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, _connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(ct);
    }
}
