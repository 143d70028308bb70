using System.Text.Json;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Subscriptions;
using Npgsql;

namespace Licensing.Provisioning.EntitlementChecks;

/// <summary>Whether a tenant may use a feature now, and how much of it: the question that other systems ask at every log-in of theirs.</summary>
internal static class CheckEntitlement
{
    [Needs(ProvisioningPermissions.SeatsRead)]
    public sealed record Query(OrganizationId TenantId, string Feature) : IQuery<EntitlementView>;

    internal sealed class Handler(
        DbSession session, ICatalog catalog, IOrganizationDirectory organizations, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, EntitlementView>
    {
        public async Task<Result<EntitlementView>> Handle(Query query, CancellationToken cancellationToken)
        {
            var today = calendar.DayOf(clock.GetUtcNow());
            var held = await HeldAsync(query.TenantId, today, cancellationToken);
            // Who has subscriptions is there; only of another it must be asked.
            if (held.Count == 0
                && (await organizations.FindAsync(query.TenantId, cancellationToken) is not { Kind: OrganizationKind.Tenant } tenant || !principal.Scope.Contains(tenant.Path)))
                return SubscriptionRefusals.TenantNotFound(query.TenantId);

            var sources = new List<EntitlementSource>();
            foreach (var one in held)
            {
                var rules = (await catalog.RulesAsync(one.Product, cancellationToken))!;
                var quantities = one.History.On(today);
                if (quantities.TryGetValue(query.Feature, out var quantity))
                    sources.Add(new EntitlementSource(one.Id, one.Product, query.Feature, quantity));
                foreach (var feature in rules.Features)
                    if (quantities.TryGetValue(feature.Key, out var units))
                        sources.AddRange((feature.Includes ?? []).Where(i => i.Entitlement == query.Feature)
                            .Select(i => new EntitlementSource(one.Id, one.Product, feature.Key, i.Once + i.PerUnit * units)));
            }

            var sum = sources.Sum(s => s.Quantity);
            return new EntitlementView(query.TenantId, query.Feature, sum > 0, sum, sources);
        }

        // One indexed read: this is asked more often than anything else.
        private async Task<List<Held>> HeldAsync(OrganizationId tenant, DateOnly today, CancellationToken ct)
        {
            var (from, until) = principal.Scope.Ranges();
            await using var command = new NpgsqlCommand(
                """
                select s.id, s.product, s.history from provisioning.subscriptions s
                where s.tenant_id = $1 and s.starts_on <= $2 and (s.ends_on is null or s.ends_on > $2) and s.suspended_on is null
                    and exists (select from unnest($3::text[], $4::text[]) r(low, high) where s.owner_path >= r.low and s.owner_path < r.high)
                order by s.starts_on, s.id
                """, await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = tenant.Value }, new() { Value = today }, new() { Value = from }, new() { Value = until } } };
            var held = new List<Held>();
            await using var rows = await command.ExecuteReaderAsync(ct);
            while (await rows.ReadAsync(ct))
                held.Add(new Held(
                    new SubscriptionId(rows.GetGuid(0)), rows.GetString(1), JsonSerializer.Deserialize<IReadOnlyList<QuantityChange>>(rows.GetString(2), StoredJson.Options)!));
            return held;
        }

        private sealed record Held(SubscriptionId Id, string Product, IReadOnlyList<QuantityChange> History);
    }

    public static void Map(RouteGroupBuilder entitlements) => entitlements
        .MapGet("/{tenantId:guid}/{feature}", (Guid tenantId, string feature, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new OrganizationId(tenantId), feature), ct))
        .Slice<Query, EntitlementView>(nameof(CheckEntitlement), "Tells whether a tenant may use a feature, and how much of it");
}

/// <summary>What a tenant may use of one feature or included entitlement today.</summary>
/// <param name="TenantId">Who.</param>
/// <param name="Feature">A feature that is held, or an entitlement that features include.</param>
/// <param name="Allowed">Whether there is any of it.</param>
/// <param name="Quantity">All sources together.</param>
/// <param name="Sources">Where it comes from; suspended and ended subscriptions give nothing.</param>
internal sealed record EntitlementView(
    OrganizationId TenantId, string Feature, bool Allowed, decimal Quantity, IReadOnlyList<EntitlementSource> Sources);

/// <param name="SubscriptionId">The subscription that gives it.</param>
/// <param name="Product">The product it is of.</param>
/// <param name="Feature">The feature that is held: the one asked about, or one that includes it.</param>
/// <param name="Quantity">How much of what was asked about.</param>
internal sealed record EntitlementSource(SubscriptionId SubscriptionId, string Product, string Feature, decimal Quantity);
