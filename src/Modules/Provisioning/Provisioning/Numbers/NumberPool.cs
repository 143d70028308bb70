using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Npgsql;

namespace Licensing.Provisioning.Numbers;

/// <summary>A number to be loaded, checked already.</summary>
internal sealed record NewNumber(string Number, string Country, NumberType Type, string? Locality);

/// <summary>Puts numbers into the pool of a branch, as many in as many statements as one.</summary>
internal sealed class NumberPool(DbSession session, IOrganizationDirectory organizations, Principal principal, AuditTrail audit, TimeProvider clock)
{
    // The trail names so many; the count says how many there were.
    private const int MostNoted = 50;

    /// <summary>
    /// The branch that numbers are loaded for, held open until the transaction ends; without <paramref name="id"/> the platform's own pool, which is
    /// everyone's.
    /// </summary>
    public async Task<Result<OrganizationRef>> HoldAsync(OrganizationId? id, CancellationToken ct)
    {
        var asked = id ?? (await organizations.PlatformAsync(ct)).Id;
        if (!(await organizations.HoldAsync([asked], ct)).TryGetValue(asked, out var pool) || !principal.Scope.Contains(pool.Path))
            return NumberRefusals.PoolNotFound(asked);
        if (pool.Kind is OrganizationKind.Tenant)
            return NumberRefusals.PoolOfTenant;
        return pool.Active ? pool : NumberRefusals.PoolNotActive;
    }

    /// <summary>Those of <paramref name="numbers"/> that are in a pool, in whatever state but withdrawn.</summary>
    public async Task<IReadOnlySet<string>> LoadedAsync(IEnumerable<string> numbers, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "select number from provisioning.inbound_numbers where number = any($1) and withdrawn_at is null", await session.OpenAsync(ct),
            session.Transaction)
        { Parameters = { new() { Value = numbers.ToArray() } } };
        await using var rows = await command.ExecuteReaderAsync(ct);
        var loaded = new HashSet<string>(StringComparer.Ordinal);
        while (await rows.ReadAsync(ct))
            loaded.Add(rows.GetString(0));
        return loaded;
    }

    /// <summary>
    /// Loads numbers that are in no pool; one that was withdrawn comes back as the same, with what is left of its quarantine. Refused as a
    /// conflict where another request has just loaded one of them.
    /// </summary>
    public async Task<Result<Done>> LoadAsync(OrganizationRef pool, IReadOnlyList<NewNumber> numbers, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var command = new NpgsqlCommand(
            """
            insert into provisioning.inbound_numbers (id, number, country, type, locality, pool_id, pool_path, owner_path, created_at, version)
            select n.id, n.number, n.country, n.type, n.locality, $1, $2, $2, $3, 1
            from unnest($4, $5, $6, $7, $8) as n (id, number, country, type, locality)
            order by n.number
            on conflict (number) do update set
                country = excluded.country, type = excluded.type, locality = excluded.locality, pool_id = excluded.pool_id,
                pool_path = excluded.pool_path, withdrawn_at = null, version = inbound_numbers.version + 1,
                owner_path = case when inbound_numbers.last_tenant_id is null then excluded.owner_path else inbound_numbers.owner_path end
            where inbound_numbers.withdrawn_at is not null
            """, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = pool.Id.Value }, new() { Value = pool.Path }, new() { Value = now },
                new() { Value = numbers.Select(_ => Id.NewGuid(now)).ToArray() }, new() { Value = numbers.Select(n => n.Number).ToArray() },
                new() { Value = numbers.Select(n => n.Country).ToArray() }, new() { Value = numbers.Select(n => n.Type.ToString()).ToArray() },
                new() { Value = numbers.Select(n => n.Locality).ToArray() },
            },
        };
        if (await command.ExecuteNonQueryAsync(ct) != numbers.Count)
            return NumberRefusals.Loaded with { Transient = true };
        audit.Note("inbound_numbers", pool.Id.Value.ToString(), pool.Path, new JsonObject
        {
            ["numbers"] = new JsonArray([.. numbers.Take(MostNoted).Select(n => (JsonNode?)n.Number)]),
            ["count"] = numbers.Count,
        });
        return new Done();
    }
}
