using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Licensing.Usage.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Usage.Thresholds;

/// <summary>
/// Compares months that changed with the thresholds of their tenants and tells which levels are reached, in one transaction: seen, told and
/// noted as told together or not at all. Any number of processes may do it at once.
/// </summary>
internal sealed class Firing(
    UsageDb db, DbSession session, UnseenMonths months, MonthUsage usage, ISubscriptionQuotas quotas, IOrganizationDirectory organizations,
    ICatalog catalog, ThresholdNotices notices, BillingCalendar calendar, TimeProvider clock)
{
    private const int MonthsAtOnce = 200;

    // Of one that somebody deletes at this moment nothing is told: either he waits for this, or it is gone already.
    private const string Insert = """
        with watched as materialized (select id from usage.thresholds where id = any ($2) order by id for key share)
        insert into usage.threshold_alerts (id, threshold_id, tenant_id, subject_id, month, level, quantity, quota, owner_path, fired_at)
        select a.*, $10
        from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) as a(id, threshold_id, tenant_id, subject_id, month, level, quantity, quota, owner_path)
        where a.threshold_id in (select id from watched)
        on conflict on constraint threshold_alerts_once do nothing
        returning id
        """;

    /// <returns>How many levels were told.</returns>
    public async Task<int> FireAsync(CancellationToken ct)
    {
        var left = new HashSet<Guid>();
        for (var fired = 0; ;)
        {
            await session.BeginAsync(ct);
            var changed = await months.TakeAsync(MonthsAtOnce, left, ct);
            if (changed.Count == 0)
            {
                await session.RollbackAsync();
                return fired;
            }

            try
            {
                var told = await TellAsync(changed, ct);
                await session.SaveAsync(ct);
                await session.CommitAsync(CancellationToken.None);
                db.ChangeTracker.Clear();
                fired += told;
            }
            catch (PostgresException refused) when (DamagedData.Is(refused))
            {
                // Whose months cannot be read has them unseen still, for when they are computed anew; everyone else's alerts are told now.
                await session.RollbackAsync();
                var unreadable = await usage.UnreadableAsync(changed, ct);
                if (unreadable.Count == 0)
                    throw;
                left.UnionWith(unreadable);
            }
        }
    }

    private async Task<int> TellAsync(IReadOnlyList<TenantMonth> changed, CancellationToken ct)
    {
        var tenants = changed.Select(c => new OrganizationId(c.Tenant)).Distinct().ToList();
        var watched = await db.Set<Threshold>().AsNoTracking().Where(x => x.Active && tenants.Contains(x.TenantId)).ToListAsync(ct);
        var byTenant = watched.ToLookup(t => t.TenantId);
        var used = await usage.OfAsync(changed, await catalog.MetersAsync(ct), ct);
        var agreed = await AgreedAsync(used, ct);
        var places = await organizations.PathsAsync(tenants, ct);
        var reached = new List<(Threshold Threshold, ThresholdAlert Alert)>();
        foreach (var (tenant, month) in changed)
            // A threshold watches from the month on in which it was made.
            foreach (var threshold in byTenant[new(tenant)].Where(t => calendar.DayOf(t.CreatedAt) < month.AddMonths(1)))
                reached.AddRange(Reached(
                    threshold, [.. used[new(tenant, month)].Where(u => u.Meter == threshold.Meter)], month, places[new(tenant)].On(LastOf(month)),
                    agreed).Select(alert => (threshold, alert)));
        if (reached.Count == 0)
            return 0;
        var first = await InsertAsync([.. reached.Select(r => r.Alert)], ct);
        foreach (var (threshold, alert) in reached.Where(r => first.Contains(r.Alert.Id)))
        {
            db.Publish(new ThresholdReached(
                threshold.Id, threshold.TenantId, alert.Subscription, threshold.Meter, alert.Month, alert.Level, alert.Quota,
                Exact.Parse(alert.Quantity), alert.FiredAt));
            await notices.ReachedAsync(threshold, alert, ct);
        }

        return first.Count;
    }

    private async Task<IReadOnlyDictionary<(DateOnly, Guid, string), decimal>> AgreedAsync(
        ILookup<TenantMonth, SubscriptionUsage> used, CancellationToken ct)
    {
        var agreed = new Dictionary<(DateOnly, Guid, string), decimal>();
        foreach (var month in used.GroupBy(u => u.Key.Month))
        {
            var subscriptions = month.SelectMany(u => u).Select(u => new SubscriptionId(u.Subscription)).Distinct().ToList();
            foreach (var quota in await quotas.OnAsync(subscriptions, LastOf(month.Key), ct))
                agreed[(month.Key, quota.SubscriptionId.Value, quota.Meter)] = quota.Limit;
        }

        return agreed;
    }

    /// <summary>The last day of a month that there was yet; of one that has not begun, the first.</summary>
    private DateOnly LastOf(DateOnly month)
    {
        var (today, last) = (calendar.DayOf(clock.GetUtcNow()), month.AddMonths(1).AddDays(-1));
        return last < today ? last : today < month ? month : today;
    }

    private IEnumerable<ThresholdAlert> Reached(
        Threshold threshold, IReadOnlyList<SubscriptionUsage> used, DateOnly month, string place,
        IReadOnlyDictionary<(DateOnly, Guid, string), decimal> agreed)
    {
        var own = used.Where(u => threshold.SubscriptionId is null || threshold.SubscriptionId.Value.Value == u.Subscription).ToList();
        var subjects = threshold.Basis is ThresholdBasis.Quantity && threshold.SubscriptionId is null
            ? [(Subject: threshold.TenantId.Value, Quantity: Exact.Sum(own.Select(u => u.Quantity)))]
            : own.Select(u => (Subject: u.Subscription, u.Quantity)).ToList();
        foreach (var (subject, quantity) in subjects)
        {
            decimal? quota = threshold.Basis is ThresholdBasis.Quantity ? null
                : agreed.TryGetValue((month, subject, threshold.Meter), out var limit) ? limit : -1;
            // Without a quota there is nothing to be a percentage of; and of nothing used no level is reached.
            if (quota < 0 || quantity.Sign <= 0)
                continue;
            foreach (var level in threshold.Levels.Where(level => quota is { } most ? quantity * 100 >= (Exact)most * level : quantity >= level))
                yield return new ThresholdAlert
                {
                    Id = Id.NewGuid(clock.GetUtcNow()),
                    ThresholdId = threshold.Id,
                    TenantId = threshold.TenantId,
                    OwnerPath = place,
                    SubjectId = subject,
                    Month = month,
                    Level = level,
                    Quantity = quantity.ToString(),
                    Quota = quota,
                    FiredAt = clock.GetUtcNow(),
                };
        }
    }

    /// <returns>Those that were not told before.</returns>
    private async Task<HashSet<Guid>> InsertAsync(IReadOnlyList<ThresholdAlert> alerts, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Insert, session.Connection, session.Transaction)
        {
            Parameters =
            {
                new() { Value = alerts.Select(a => a.Id).ToArray() }, new() { Value = alerts.Select(a => a.ThresholdId.Value).ToArray() },
                new() { Value = alerts.Select(a => a.TenantId.Value).ToArray() }, new() { Value = alerts.Select(a => a.SubjectId).ToArray() },
                new() { Value = alerts.Select(a => a.Month).ToArray() }, new() { Value = alerts.Select(a => a.Level).ToArray() },
                new() { Value = alerts.Select(a => a.Quantity).ToArray() },
                new NpgsqlParameter<decimal?[]> { TypedValue = [.. alerts.Select(a => a.Quota)] },
                new() { Value = alerts.Select(a => a.OwnerPath).ToArray() }, new() { Value = clock.GetUtcNow() },
            },
        };
        var first = new HashSet<Guid>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            first.Add(rows.GetGuid(0));
        return first;
    }
}
