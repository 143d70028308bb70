using Npgsql;

namespace Licensing.Usage.Data;

/// <summary>What a statement is refused for that goes on being refused however often it is tried.</summary>
internal static class DamagedData
{
    // Of what is outside of the server (58) only what reading a page from a disk that has lost it says: files that are missing or a disk that is
    // full are nobody's rows.
    /// <summary>What the server says each time of what is in its tables: a page that is damaged or lost, a value that does not fit.</summary>
    public static bool Is(PostgresException failure) =>
        failure.SqlState == PostgresErrorCodes.IoError || failure.SqlState[..2] is "22" or "23" or "54" or "XX";

    /// <summary>What says that the server itself is not well (XX, 58: a damaged page) costs the connection on which it was said.</summary>
    public static async Task GoOnAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        if (connection.FullState.HasFlag(System.Data.ConnectionState.Open))
            return;
        await connection.CloseAsync();
        await connection.OpenAsync(ct);
    }
}
