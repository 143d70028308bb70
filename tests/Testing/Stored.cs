using Npgsql;
using Xunit;

namespace Licensing.Testing;

/// <summary>What a database holds, to be compared before and after something that must leave no trace.</summary>
public static class Stored
{
    private const string Tables =
        """
        select format('%I.%I', table_schema, table_name) from information_schema.tables
        where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE' order by 1
        """;

    extension(App app)
    {
        /// <summary>A line of each table: how much is in it, and a digest of it.</summary>
        /// <param name="except">Tables that may change, as <c>schema.table</c>.</param>
        public async Task<IReadOnlyList<string>> StoredAsync(params string[] except)
        {
            var tables = (await app.RowsAsync(Tables)).Except(except).ToList();
            // A harness that reads nothing finds no difference.
            if (tables.Count <= 30)
                throw new InvalidOperationException($"Only {tables.Count} tables.");
            // The server may read the tables side by side, and then they come in any order.
            return [.. (await app.RowsAsync(string.Join(" union all ", tables.Select(
                table =>
                    $"""
                    select '{table} ' || count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') from {table} t
                    """)))).Order(StringComparer.Ordinal)];
        }

        /// <summary>The one column of a query.</summary>
        public Task<List<string>> RowsAsync(string sql) => app.InAsync<NpgsqlDataSource, List<string>>(async database =>
        {
            await using var command = database.CreateCommand(sql);
            await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            var read = new List<string>();
            while (await rows.ReadAsync(TestContext.Current.CancellationToken))
                read.Add(rows.GetString(0));
            return read;
        });
    }
}
