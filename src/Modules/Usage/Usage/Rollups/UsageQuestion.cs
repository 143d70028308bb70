using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>What is asked of the rollups of some tenants, and can be asked of fewer of them.</summary>
/// <param name="Sql">The statement.</param>
/// <param name="Tenants">About whom.</param>
/// <param name="Of">Its parameters where it is about these of them, and only about a month of what it asks; null: about all of it.</param>
/// <param name="Months">Any day of each month of one of them that it reads.</param>
internal sealed record UsageQuestion(
    string Sql, IReadOnlyCollection<Guid> Tenants, Func<IReadOnlyCollection<Guid>, Period?, IEnumerable<NpgsqlParameter>> Of,
    Func<Guid, IEnumerable<DateOnly>> Months)
{
    // What is turned off costs so much to versions before 18 that they would compile the statement first.
    private const string NotWholeTables = "select set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)";

    /// <summary>The same about one of its months.</summary>
    public UsageQuestion In(Period month) => this with { Of = (some, _) => Of(some, month) };

    /// <param name="tenants">Of these.</param>
    /// <param name="on">Where it is asked.</param>
    /// <param name="byIndex">
    /// Whether no table is read as a whole while the transaction lasts: what lies on a page that is damaged is then in the way of nobody else.
    /// </param>
    /// <param name="row">Reads a row.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<List<T>> AskAsync<T>(
        IReadOnlyCollection<Guid> tenants, (NpgsqlConnection Connection, NpgsqlTransaction? Transaction) on, bool byIndex,
        Func<NpgsqlDataReader, CancellationToken, ValueTask<T>> row, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(on.Connection, on.Transaction);
        if (byIndex)
            batch.BatchCommands.Add(new NpgsqlBatchCommand(NotWholeTables));
        var command = new NpgsqlBatchCommand(Sql);
        foreach (var parameter in Of(tenants, null))
            command.Parameters.Add(parameter);
        batch.BatchCommands.Add(command);
        var found = new List<T>();
        await using var rows = await batch.ExecuteReaderAsync(ct);
        if (byIndex)
            await rows.NextResultAsync(ct);
        while (await rows.ReadAsync(ct))
            found.Add(await row(rows, ct));
        return found;
    }

    /// <summary>The months that have a day of a period.</summary>
    public static IEnumerable<DateOnly> MonthsOf(Period period)
    {
        for (var month = new DateOnly(period.Start.Year, period.Start.Month, 1); month < period.End; month = month.AddMonths(1))
            yield return month;
    }
}
