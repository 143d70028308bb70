using System.Collections.Concurrent;
using Npgsql;

namespace Licensing.Benchmarks;

/// <summary>What the servers that were measured say of themselves.</summary>
internal static class ServerSettings
{
    private static readonly string[] Durable = ["fsync", "data_checksums", "synchronous_commit"];

    private static readonly string[] Asked = ["server_version", .. Durable, "shared_buffers", "wal_compression", "max_wal_size"];

    private static readonly ConcurrentDictionary<string, bool> Answers = new(StringComparer.Ordinal);

    /// <summary>One line for all that said the same.</summary>
    public static IEnumerable<string> Told => Answers.Keys.Order(StringComparer.Ordinal);

    /// <summary>Asks on a connection as the product's are. One that could lose or not see a loss of what it has committed is not measured.</summary>
    public static async Task AskAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        var said = new List<(string Name, string Value)>();
        await using (var command = database.CreateCommand("select name, current_setting(name) from unnest($1) name"))
        {
            command.Parameters.Add(new() { Value = Asked });
            await using var rows = await command.ExecuteReaderAsync(ct);
            while (await rows.ReadAsync(ct))
                said.Add((rows.GetString(0), rows.GetString(1)));
        }

        Answers.TryAdd($"PostgreSQL: {string.Join(", ", said.Select(s => $"{s.Name} {s.Value}"))}.", true);
        if (said.Find(s => Durable.Contains(s.Name) && s.Value != "on") is { Name: { } off })
            throw new InvalidOperationException($"{off} is not on.");
    }
}
