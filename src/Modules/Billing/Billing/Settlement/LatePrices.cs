using System.Text.Json;
using Licensing.Billing.Runs;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Billing.Settlement;

/// <summary>Subscriptions that a month's own bill has nothing of, so that its round may not have known them.</summary>
/// <param name="BilledWith">The month whose bills take up what came late; its drafts do not count, they are drawn anew.</param>
/// <param name="Tenants">Whose each is.</param>
/// <param name="Newcomers">Those of the tenants that the month's own bill has nothing of at all.</param>
internal sealed record UnbilledSubscriptions(
    Period BilledWith, IReadOnlyDictionary<Guid, OrganizationId> Tenants, IReadOnlyCollection<OrganizationId> Newcomers);

/// <summary>
/// The own prices of a subscription by which a month that did not know it is billed late, with those of its tenant where the month did not know him
/// either; none where it had no own.
/// </summary>
/// <param name="RunId">Of the month.</param>
/// <param name="Round">By which its tenant was billed.</param>
/// <param name="Version">Of what is kept already; 0 where nothing is.</param>
internal sealed record LatePrices(
    Guid RunId, int Round, OrganizationId TenantId, SubscriptionId SubscriptionId, int Version, IReadOnlyList<PinnedPrice> Prices);

/// <summary>
/// Keeps what a subscription was billed late by, for whatever comes later of the same month. It counts as long as something that was billed late of
/// it stands: of a draft that was thrown away, or an invoice that was withdrawn, nothing is billed, and the next one is by the prices of then.
/// </summary>
internal sealed class LatePriceBook(DbSession session)
{
    // Whether it counts is asked with what it is, of one instant, so that nobody takes it for what somebody else has just replaced. What the month's
    // own invoice takes off of what was billed in advance was not billed late.
    private const string Kept =
        """
        select p.subscription_id, p.version, p.prices::text, exists (
            select from billing.invoice_lines l join billing.invoices i on i.id = l.invoice_id and i.tenant_id = l.tenant_id
            where l.tenant_id = p.tenant_id and l.adjusts = $5 and l.adjustment > 0 and l.billed and l.subscription_id = p.subscription_id
                and i.seller_id = $6 and i.status <> 'Void' and not (i.status = 'Draft' and i.period_start = $7 and i.period_end = $8)
                and not (i.kind = 'Regular' and i.period_start = $5))
        from billing.late_prices p
        where p.run_id = $1 and p.round = $2 and p.tenant_id = any ($3) and p.subscription_id = any ($4)
        """;

    private const string Keep =
        """
        insert into billing.late_prices as p (run_id, round, tenant_id, subscription_id, prices, version)
        select run_id, round, tenant_id, subscription_id, prices::jsonb, version
        from unnest($1, $2, $3, $4, $5, $6) as g (run_id, round, tenant_id, subscription_id, prices, version)
        order by run_id, round, tenant_id, subscription_id
        on conflict (run_id, round, tenant_id, subscription_id) do update set prices = excluded.prices, version = excluded.version
        """;

    /// <summary>What is kept of these: its version, and its prices where they count.</summary>
    public async Task<IReadOnlyDictionary<Guid, (int Version, IReadOnlyList<PinnedPrice>? Prices)>> OfAsync(
        BillingRun run, int round, Period billedWith, IReadOnlyDictionary<Guid, OrganizationId> subscriptions, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Kept, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = run.Id }, new() { Value = round },
                new() { Value = subscriptions.Values.Distinct().Select(x => x.Value).ToArray() }, new() { Value = subscriptions.Keys.ToArray() },
                new() { Value = run.PeriodStart }, new() { Value = run.SellerId.Value }, new() { Value = billedWith.Start },
                new() { Value = billedWith.End },
            },
        };
        var kept = new Dictionary<Guid, (int, IReadOnlyList<PinnedPrice>?)>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            kept[rows.GetGuid(0)] = (
                rows.GetInt32(1),
                rows.GetBoolean(3) ? JsonSerializer.Deserialize<List<PinnedPrice>>(rows.GetString(2), StoredJson.Options) : null);
        return kept;
    }

    /// <summary>In the transaction that writes the drafts; where somebody has billed by them meanwhile the server undoes the caller.</summary>
    public async Task KeepAsync(IReadOnlyList<LatePrices> prices, CancellationToken ct)
    {
        if (prices.Count == 0)
            return;
        NpgsqlParameter Column<T>(Func<LatePrices, T> of, NpgsqlDbType type) =>
            new() { Value = prices.Select(of).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type };
        await using var command = new NpgsqlCommand(Keep, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                Column(x => x.RunId, NpgsqlDbType.Uuid), Column(x => x.Round, NpgsqlDbType.Integer), Column(x => x.TenantId.Value, NpgsqlDbType.Uuid),
                Column(x => x.SubscriptionId.Value, NpgsqlDbType.Uuid),
                Column(x => JsonSerializer.Serialize(x.Prices, StoredJson.Options), NpgsqlDbType.Text),
                Column(x => x.Version + 1, NpgsqlDbType.Integer),
            },
        };
        await command.ExecuteNonQueryAsync(ct);
    }
}
