using Npgsql;

namespace Licensing.Usage.Rollups;

/// <summary>
/// Reads a numeric of any size. What a decimal holds comes as one, in the column named; the rest as text in the column behind it.
/// </summary>
internal static class ExactColumn
{
    // With the 18 places that every quantity has, a decimal holds ten digits before the point.
    public static string Of(string expression, string name) => $"""
        case when abs({expression}) < 10000000000 then {expression} end as {name},
        case when abs({expression}) >= 10000000000 then ({expression})::text end as {name}_text
        """;

    public static async ValueTask<Exact> ReadAsync(NpgsqlDataReader row, int column, CancellationToken ct) =>
        await row.IsDBNullAsync(column, ct) ? Exact.Parse(row.GetString(column + 1)) : row.GetDecimal(column);
}
