using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Data;

internal static class SessionCommands
{
    /// <summary>A statement in the session's transaction, its values by position.</summary>
    public static async Task<NpgsqlCommand> CommandAsync(this DbSession session, string sql, CancellationToken ct, params object[] values)
    {
        var command = new NpgsqlCommand(sql, await session.OpenAsync(ct), session.Transaction);
        command.Parameters.AddValues(values);
        return command;
    }

    public static void AddValues(this NpgsqlParameterCollection parameters, IEnumerable<object> values)
    {
        foreach (var value in values)
            parameters.Add(new() { Value = value });
    }
}
