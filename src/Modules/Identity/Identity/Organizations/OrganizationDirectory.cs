using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Organizations;

/// <summary>Plain SQL: other modules ask this in their inner loops, and a row is all they need.</summary>
internal sealed class OrganizationDirectory(DbSession session) : IOrganizationDirectory
{
    // The platform is never suspended, so two levels above are all that can be.
    private const string Select =
        """
        select o.id, o.code, o.kind, o.parent_id, o.owner_path, o.external_id, o.display_name, o.country, o.currency,
               o.status = 'Active' and coalesce(p.status, 'Active') = 'Active' and coalesce(g.status, 'Active') = 'Active'
        from identity.organizations o
        left join identity.organizations p on p.id = o.parent_id
        left join identity.organizations g on g.id = p.parent_id

        """;

    private const string InScope = "exists (select from unnest($2::text[], $3::text[]) r(low, high) where o.owner_path >= r.low and o.owner_path < r.high)";

    public async Task<OrganizationRef?> FindAsync(OrganizationId id, CancellationToken ct) =>
        (await ReadAsync("where o.id = $1", ct, id.Value)).SingleOrDefault();

    public async Task<IReadOnlyDictionary<OrganizationId, OrganizationRef>> FindAsync(IReadOnlyCollection<OrganizationId> ids, CancellationToken ct) =>
        (await ReadAsync("where o.id = any($1)", ct, ids.Select(x => x.Value).ToArray())).ToDictionary(x => x.Id);

    public async Task<IReadOnlyDictionary<string, OrganizationRef>> FindByPathAsync(IReadOnlyCollection<string> paths, CancellationToken ct) =>
        (await ReadAsync("where o.owner_path = any($1)", ct, (object)paths.ToArray())).ToDictionary(x => x.Path, StringComparer.Ordinal);

    public async Task<ILookup<string, OrganizationRef>> FindTenantsAsync(IReadOnlyCollection<string> externalIds, Scope scope, CancellationToken ct)
    {
        var (from, until) = scope.Ranges();
        return (await ReadAsync($"where o.external_id = any($1) and o.kind = 'Tenant' and {InScope}", ct, externalIds.ToArray(), from, until))
            .ToLookup(x => x.ExternalId, StringComparer.Ordinal);
    }

    public async Task<IReadOnlyList<OrganizationRef>> ListAsync(OrganizationKind kind, Scope scope, CancellationToken ct)
    {
        var (from, until) = scope.Ranges();
        return await ReadAsync($"where o.kind = $1 and {InScope} order by o.code", ct, kind.ToString(), from, until);
    }

    public async Task<OrganizationRef> PlatformAsync(CancellationToken ct) => (await ReadAsync("where o.kind = 'Platform'", ct)).Single();

    private async Task<List<OrganizationRef>> ReadAsync(string where, CancellationToken ct, params object[] values)
    {
        await using var command = new NpgsqlCommand(Select + where, await session.OpenAsync(ct), session.Transaction);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var found = new List<OrganizationRef>();
        while (await reader.ReadAsync(ct))
            found.Add(new OrganizationRef(
                new OrganizationId(reader.GetGuid(0)), reader.GetInt32(1), Enum.Parse<OrganizationKind>(reader.GetString(2)),
                reader.IsDBNull(3) ? null : new OrganizationId(reader.GetGuid(3)), reader.GetString(4), reader.GetString(5), reader.GetString(6),
                reader.GetString(7), Currency.Parse(reader.GetString(8)), reader.GetBoolean(9)));
        return found;
    }
}
