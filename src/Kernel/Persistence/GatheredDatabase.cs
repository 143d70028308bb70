using Npgsql;

namespace Licensing.Kernel.Persistence;

/// <summary>
/// Few connections for what is gathered (<see cref="Gathered{TItem,TResult}"/>). They do the same all the time, so their statements stay
/// prepared and planned; among all the connections of a busy host, which take turns, each would plan them anew.
/// </summary>
public sealed class GatheredDatabase(NpgsqlDataSource database)
{
    public NpgsqlDataSource Database { get; } = database;
}
