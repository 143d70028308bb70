using Npgsql;

namespace Licensing.Usage.Data;

internal static class Rows
{
    extension(NpgsqlDataReader row)
    {
        /// <summary>A text of a record; null where it was not given, which its columns have as nothing or as an empty one.</summary>
        public string? Given(int column) => row.IsDBNull(column) || row.GetString(column) is not { Length: > 0 } text ? null : text;
    }
}
