using Npgsql;

namespace Licensing.Host.Database;

/// <summary>
/// Connections that own the schemas: for migrations and whatever else makes or drops tables. All other work goes through the plain
/// <see cref="NpgsqlDataSource"/>, which may stand for a role with fewer rights.
/// </summary>
public sealed class SchemaOwner(NpgsqlDataSource database)
{
    public NpgsqlDataSource Database { get; } = database;
}

/// <summary>
/// The rights of the role that the application works as: rows of every module's tables, and of those whose comment begins with
/// <c>append-only</c> no update, delete or truncate. What the application
/// itself can be made to run cannot rewrite them, unless it gives the role back first; then the triggers are left.
/// </summary>
internal static class ApplicationRole
{
    public const string Name = "licensing_app";

    /// <summary>The role, made if need be; null where this user may not act as it.</summary>
    public static async Task<string?> EnsureAsync(NpgsqlDataSource owner, CancellationToken ct)
    {
        await using var connection = await owner.OpenConnectionAsync(ct);
        await TryAsync(connection, $"""
            do $$ begin
                if not exists (select from pg_roles where rolname = '{Name}') then create role {Name} nologin; end if;
            end $$
            """, ct);
        // A superuser may act as anyone; others need to be members, also of a role that they have made.
        await TryAsync(connection, $"""
            do $$ begin
                if not (select rolsuper from pg_roles where rolname = current_user) then
                    execute format('grant {Name} to %I', current_user);
                end if;
            end $$
            """, ct);
        return await TryAsync(connection, $"set role {Name}", ct) ? Name : null;
    }

    // Refused, or another host did the same at the same moment: what counts is whether the last statement works.
    private static async Task<bool> TryAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        try
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync(ct);
            return true;
        }
        catch (PostgresException)
        {
            return false;
        }
    }

    /// <summary>Gives the role what it needs in <paramref name="schemas"/>; nothing where there is no such role.</summary>
    public static async Task GrantAsync(NpgsqlConnection connection, IEnumerable<string> schemas, CancellationToken ct)
    {
        var grants = string.Concat(schemas.Select(schema =>
            $"""
                grant usage on schema {schema} to {Name};
                grant select, insert, update, delete on all tables in schema {schema} to {Name};
                grant usage, select on all sequences in schema {schema} to {Name};

            """));
        await using var command = new NpgsqlCommand(
            $"""
            do $$ declare appended text; begin
                if not exists (select from pg_roles where rolname = '{Name}') then return; end if;
            {grants}
                for appended in
                    select format('%I.%I', n.nspname, c.relname) from pg_class c
                    join pg_namespace n on n.oid = c.relnamespace
                    where c.relkind in ('r', 'p') and obj_description(c.oid, 'pg_class') like 'append-only%'
                loop
                    execute 'revoke update, delete, truncate on ' || appended || ' from {Name}';
                end loop;
            end $$
            """, connection)
        { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(ct);
    }
}
