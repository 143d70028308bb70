using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Organizations;

/// <summary>Plain SQL: other modules ask this in their inner loops, and a row is all they need.</summary>
internal sealed class OrganizationDirectory(DbSession session) : IOrganizationDirectory
{
    private const string Columns = "o.owner_path, o.external_id, o.display_name";

    // As it was called when it left.
    private const string FormerColumns = "f.path, f.external_id, f.display_name";

    // The platform is never suspended, so two levels above are all that can be.
    private static string Select(string columns) =>
        $"""
        select o.id, o.code, o.kind, o.parent_id, {columns}, o.country, o.currency,
               o.status = 'Active' and coalesce(p.status, 'Active') = 'Active' and coalesce(g.status, 'Active') = 'Active',
               o.status = 'Closed'
        from identity.organizations o
        left join identity.organizations p on p.id = o.parent_id
        left join identity.organizations g on g.id = p.parent_id

        """;

    public async Task<OrganizationRef?> FindAsync(OrganizationId id, CancellationToken ct) =>
        (await ReadAsync("where o.id = $1", ct, id.Value)).SingleOrDefault();

    public async Task<IReadOnlyDictionary<OrganizationId, OrganizationRef>> FindAsync(
        IReadOnlyCollection<OrganizationId> ids, CancellationToken ct) =>
        (await ReadAsync("where o.id = any($1)", ct, ids.Select(x => x.Value).ToArray())).ToDictionary(x => x.Id);

    public async Task<IReadOnlyDictionary<OrganizationId, OrganizationRef>> HoldAsync(
        IReadOnlyCollection<OrganizationId> ids, CancellationToken ct)
    {
        await session.HoldOrganizationsAsync(ids, ct);
        return await FindAsync(ids, ct);
    }

    public async Task<IReadOnlyDictionary<string, OrganizationRef>> FindByPathAsync(IReadOnlyCollection<string> paths, CancellationToken ct) =>
        (await ReadAsync("where o.owner_path = any($1)", ct, (object)paths.ToArray()))
            .Concat((await ReadAsync(
                FormerColumns,
                "join identity.former_paths f on f.organization_id = o.id where f.path = any($1) and f.path <> o.owner_path order by f.id",
                [paths.ToArray()], ct)).GroupBy(x => x.Path).Select(x => x.Last()))
            .ToDictionary(x => x.Path, StringComparer.Ordinal);

    public async Task<ILookup<string, OrganizationRef>> FindTenantsAsync(IReadOnlyCollection<string> externalIds, Scope scope, CancellationToken ct)
    {
        var (from, until) = scope.Ranges();
        var where = $"where o.external_id = any($1) and o.kind = 'Tenant' and {ScopeSql.Holds(2)}";
        return (await ReadAsync(where, ct, externalIds.ToArray(), from, until))
            .ToLookup(x => x.ExternalId, StringComparer.Ordinal);
    }

    public async Task<IReadOnlyList<OrganizationRef>> ListAsync(OrganizationKind kind, Scope scope, CancellationToken ct)
    {
        var (from, until) = scope.Ranges();
        return await ReadAsync($"where o.kind = $1 and {ScopeSql.Holds(2)} order by o.code", ct, kind.ToString(), from, until);
    }

    public async Task<IReadOnlyDictionary<OrganizationId, PathHistory>> PathsAsync(IReadOnlyCollection<OrganizationId> ids, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            """
            select o.id, o.owner_path, f.path, f.until_on
            from identity.organizations o left join identity.former_paths f on f.organization_id = o.id
            where o.id = any($1) order by o.id, f.until_on, f.id
            """, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = ids.Select(x => x.Value).ToArray() } } };
        var found = new Dictionary<OrganizationId, (string Path, List<FormerPath> Former)>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            var id = new OrganizationId(rows.GetGuid(0));
            if (!found.TryGetValue(id, out var history))
                found[id] = history = (rows.GetString(1), []);
            if (!rows.IsDBNull(2))
                history.Former.Add(new FormerPath(rows.GetString(2), rows.GetFieldValue<DateOnly>(3)));
        }

        return found.ToDictionary(x => x.Key, x => new PathHistory(x.Value.Path, x.Value.Former));
    }

    public async Task<IReadOnlyDictionary<OrganizationId, string>> TransferredAsync(Scope scope, DateOnly day, CancellationToken ct)
    {
        var (from, until) = scope.Ranges();
        await using var command = new NpgsqlCommand(
            $"""
            with places as (
                select organization_id, path, until_on, id from identity.former_paths
                union all
                select o.id, o.owner_path, 'infinity', null from identity.organizations o
                where o.id in (select organization_id from identity.former_paths)),
            judged as (
                select p.*, {ScopeSql.Holds(1, "p.path")} as inside from places p)
            select distinct on (j.organization_id) j.organization_id, j.path
            from judged j
            join (select organization_id from judged group by 1 having bool_or(inside) and not bool_and(inside)) c using (organization_id)
            where j.until_on > $3
            order by j.organization_id, j.until_on, j.id
            """, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = from }, new() { Value = until }, new() { Value = day } } };
        var found = new Dictionary<OrganizationId, string>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            found.Add(new OrganizationId(rows.GetGuid(0)), rows.GetString(1));
        return found;
    }

    public async Task<OrganizationRef> PlatformAsync(CancellationToken ct) => (await ReadAsync("where o.kind = 'Platform'", ct)).Single();

    private Task<List<OrganizationRef>> ReadAsync(string where, CancellationToken ct, params object[] values) =>
        ReadAsync(Columns, where, values, ct);

    /// <summary>Holds what is found against every change, to the end of the transaction.</summary>
    /// <param name="where">Of the organisations as <c>o</c>.</param>
    /// <param name="most">How many at most, the first made first; null is all, but for those that somebody else holds.</param>
    public async Task<(IReadOnlyList<OrganizationRef> Held, IReadOnlyList<OrganizationRef> Others)> HoldAsync(
        string where, int? most, object[] values, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        var (limit, wait) = most is null ? ("", "skip locked") : ($"limit {most}", "");
        var lockRows = $"select o.id from identity.organizations o {where} order by o.id {limit} for no key update of o {wait}";
        // Read by a statement of its own, so that what was committed while the first one waited is seen.
        foreach (var sql in new[] { lockRows, Select(Columns) + where })
            batch.BatchCommands.Add(WithValues(new NpgsqlBatchCommand(sql), values));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        var held = new HashSet<Guid>();
        while (await reader.ReadAsync(ct))
            held.Add(reader.GetGuid(0));
        await reader.NextResultAsync(ct);
        // One that was opened between the two is found and not held, too.
        var byHeld = (await ReadAsync(reader, ct)).ToLookup(x => held.Contains(x.Id.Value));
        return ([.. byHeld[true]], [.. byHeld[false]]);
    }

    private async Task<List<OrganizationRef>> ReadAsync(string columns, string where, object[] values, CancellationToken ct)
    {
        await using var command = await session.CommandAsync(Select(columns) + where, ct, values);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await ReadAsync(reader, ct);
    }

    private static NpgsqlBatchCommand WithValues(NpgsqlBatchCommand command, object[] values)
    {
        command.Parameters.AddValues(values);
        return command;
    }

    private static async Task<List<OrganizationRef>> ReadAsync(NpgsqlDataReader reader, CancellationToken ct)
    {
        var found = new List<OrganizationRef>();
        while (await reader.ReadAsync(ct))
            found.Add(new OrganizationRef(
                new OrganizationId(reader.GetGuid(0)), reader.GetInt32(1), Enum.Parse<OrganizationKind>(reader.GetString(2)),
                reader.IsDBNull(3) ? null : new OrganizationId(reader.GetGuid(3)), reader.GetString(4), reader.GetString(5), reader.GetString(6),
                reader.GetString(7), Currency.Parse(reader.GetString(8)), reader.GetBoolean(9))
            {
                Closed = reader.GetBoolean(10),
            });
        return found;
    }
}
