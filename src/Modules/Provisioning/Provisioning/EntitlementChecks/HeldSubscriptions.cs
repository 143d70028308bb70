using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Subscriptions;
using Npgsql;

namespace Licensing.Provisioning.EntitlementChecks;

/// <summary>A subscription that gives something today.</summary>
internal sealed record HeldSubscription(SubscriptionId Id, string Product, IReadOnlyList<QuantityChange> History);

/// <summary>What a tenant holds, in one indexed read: this is asked more often than anything else.</summary>
internal sealed class HeldSubscriptions(DbSession session, IOrganizationDirectory organizations, Principal principal)
{
    /// <summary>The live ones within the caller's scope, the oldest first; suspended ones give nothing.</summary>
    public async Task<Result<IReadOnlyList<HeldSubscription>>> OfAsync(OrganizationId tenant, DateOnly today, CancellationToken ct)
    {
        var held = await ReadAsync(tenant, today, principal.Scope, ct);
        // Who has subscriptions is there; only of another it must be asked.
        if (held.Count > 0)
            return held;
        if (await organizations.FindAsync(tenant, ct) is not { Kind: OrganizationKind.Tenant } found || !principal.Scope.Contains(found.Path))
            return SubscriptionRefusals.TenantNotFound(tenant);
        // One that was given to another partner a moment ago is there before what it holds is.
        return await ReadAsync(tenant, today, Scope.Everything, ct);
    }

    private async Task<List<HeldSubscription>> ReadAsync(OrganizationId tenant, DateOnly today, Scope scope, CancellationToken ct)
    {
        var (from, until) = scope.Ranges();
        await using var command = new NpgsqlCommand(
            """
            select s.id, s.plans, s.history from provisioning.subscriptions s
            where s.tenant_id = $1 and s.starts_on <= $2 and (s.ends_on is null or s.ends_on > $2) and s.suspended_on is null
                and exists (select from unnest($3::text[], $4::text[]) r(low, high) where s.owner_path >= r.low and s.owner_path < r.high)
            order by s.starts_on, s.id
            """, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = tenant.Value }, new() { Value = today }, new() { Value = from }, new() { Value = until } } };
        var held = new List<HeldSubscription>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            held.Add(new HeldSubscription(
                new SubscriptionId(rows.GetGuid(0)),
                JsonSerializer.Deserialize<IReadOnlyList<PlanFrom>>(rows.GetString(1), StoredJson.Options)!.On(today).Product,
                JsonSerializer.Deserialize<IReadOnlyList<QuantityChange>>(rows.GetString(2), StoredJson.Options)!));
        return held;
    }
}
