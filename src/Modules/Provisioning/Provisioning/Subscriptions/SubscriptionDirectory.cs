using System.Runtime.CompilerServices;
using System.Text.Json;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Provisioning.Subscriptions;

/// <inheritdoc cref="ISubscriptionDirectory"/>
internal sealed class SubscriptionDirectory(
    ProvisioningDb db, DbSession session, IOrganizationDirectory organizations, ICatalog catalog, BillingCalendar calendar, TimeProvider clock)
    : ISubscriptionDirectory
{
    // Has a day in the period, suspended or not: what is used while suspended is charged all the same.
    private const string HasDays = """
        s.starts_on < @end and coalesce(s.ends_on, @end) > greatest(s.starts_on, @start)
        and case when s.tenant_id = any (@moved) then s.tenant_id = any (@inside)
            else exists (select from unnest(@from, @until) as r (lower, upper) where s.owner_path >= r.lower and s.owner_path < r.upper) end
        """;

    private const string Billable = """
        select s.id, s.tenant_id, s.starts_on, s.ends_on, coalesce(s.cancelled_on = s.ends_on, false), s.plans, s.history,
            nullif(s.suspensions, '[]')
        """;

    public async Task<IReadOnlyDictionary<SubscriptionId, UsageTarget>> FindAsync(IReadOnlyCollection<SubscriptionId> ids, CancellationToken ct) =>
        (await TargetsAsync(await db.Subscriptions.AsNoTracking().Where(x => ids.Contains(x.Id)).ToListAsync(ct), ct)).ToDictionary(x => x.Id);

    public async Task<IReadOnlyDictionary<SubscriptionId, SubscriptionDays>> DaysAsync(
        IReadOnlyCollection<SubscriptionId> ids, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "select id, tenant_id, starts_on, ends_on from provisioning.subscriptions where id = any ($1)", await session.OpenAsync(ct),
            session.Transaction)
        { Parameters = { new() { Value = ids.Select(x => x.Value).ToArray() } } };
        var found = new Dictionary<SubscriptionId, SubscriptionDays>(ids.Count);
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            found.Add(new(rows.GetGuid(0)), new(
                new(rows.GetGuid(1)), rows.GetFieldValue<DateOnly>(2), rows.IsDBNull(3) ? null : rows.GetFieldValue<DateOnly>(3)));
        return found;
    }

    public async Task<ILookup<OrganizationId, UsageTarget>> OfTenantsAsync(IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct)
    {
        var today = calendar.DayOf(clock.GetUtcNow());
        var subscriptions = await db.Subscriptions.AsNoTracking()
            .Where(x => tenants.Contains(x.TenantId) && x.StartsOn <= today && (x.EndsOn == null || x.EndsOn > x.StartsOn))
            .OrderBy(x => x.Id)
            .ToListAsync(ct);
        return (await TargetsAsync(subscriptions, ct)).ToLookup(x => x.TenantId);
    }

    public async Task<IReadOnlyList<BillableSubscription>> BillableAsync(
        Period period, Scope scope, OrganizationId? after, int tenants, CancellationToken ct)
    {
        return await BillableAsync(period, scope, $"""
            with page as (
                select distinct s.tenant_id from provisioning.subscriptions s
                where s.tenant_id > @after and {HasDays}
                order by s.tenant_id limit @tenants)
            {Billable} from page join provisioning.subscriptions s using (tenant_id) where {HasDays}
            """, ct, new("after", after?.Value ?? Guid.Empty), new("tenants", tenants));
    }

    public Task<IReadOnlyList<BillableSubscription>> BillableBetweenAsync(
        Period period, OrganizationId? after, OrganizationId? last, CancellationToken ct) => BillableAsync(
            period, Scope.Everything,
            $"{Billable} from provisioning.subscriptions s where s.tenant_id > @after and s.tenant_id <= @last and {HasDays}", ct,
            new("after", after?.Value ?? Guid.Empty), new("last", last?.Value ?? Guid.AllBitsSet));

    public Task<IReadOnlyList<BillableSubscription>> BillableOfAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct) => BillableAsync(
            period, Scope.Everything, $"{Billable} from provisioning.subscriptions s where s.tenant_id = any (@tenants) and {HasDays}", ct,
            new NpgsqlParameter("tenants", tenants.Select(x => x.Value).ToArray()));

    public Task<IReadOnlyList<BillableSubscription>> BillableByAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, IReadOnlyCollection<PlanVersionId> plans, CancellationToken ct) => BillableAsync(
            period, Scope.Everything,
            $"""
            {Billable} from provisioning.subscriptions s where s.tenant_id = any (@tenants) and {HasDays} and exists (
                select from jsonb_to_recordset(s.plans) as p ("planVersionId" uuid) where p."planVersionId" = any (@plans))
            """, ct,
            new NpgsqlParameter("tenants", tenants.Select(x => x.Value).ToArray()),
            new NpgsqlParameter("plans", plans.Select(x => x.Value).ToArray()));

    public async IAsyncEnumerable<OrganizationId> BillableTenantsAsync(
        Period period, Scope scope, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"select distinct s.tenant_id from provisioning.subscriptions s where {HasDays} order by s.tenant_id", await session.OpenAsync(ct),
            session.Transaction);
        command.Parameters.AddRange(await ParametersAsync(period, scope, ct));
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            yield return new OrganizationId(rows.GetGuid(0));
    }

    // Billing reads every subscription there is: of the row only what it needs, and without an aggregate, which is half of the cost.
    private async Task<IReadOnlyList<BillableSubscription>> BillableAsync(
        Period period, Scope scope, string sql, CancellationToken ct, params NpgsqlParameter[] values)
    {
        var found = new List<BillableSubscription>();
        var ended = new HashSet<SubscriptionId>();
        var parameters = await ParametersAsync(period, scope, ct);
        await using (var command = new NpgsqlCommand($"{sql} order by s.tenant_id, s.id", await session.OpenAsync(ct), session.Transaction))
        {
            command.Parameters.AddRange((NpgsqlParameter[])[.. parameters, .. values]);
            await using var rows = await command.ExecuteReaderAsync(ct);
            while (await rows.ReadAsync(ct))
            {
                var (startsOn, plans) = (rows.GetFieldValue<DateOnly>(2), Read<PlanFrom>(rows, 5));
                DateOnly? endsOn = rows.IsDBNull(3) ? null : rows.GetFieldValue<DateOnly>(3);
                found.Add(new BillableSubscription(
                    new(rows.GetGuid(0)), new(rows.GetGuid(1)), "", startsOn, plans.TrialEndsOn(),
                    Spans.Of(
                        period, plans, startsOn, endsOn, Read<QuantityChange>(rows, 6),
                        rows.IsDBNull(7) ? [] : Read<Suspension>(rows, 7)))
                {
                    Plans = Spans.Plans(period, plans, startsOn, endsOn),
                });
                if (rows.GetBoolean(4))
                    ended.Add(found[^1].Id);
            }
        }

        var paths = await organizations.PathsAsync([.. found.Select(s => s.TenantId).Distinct()], ct);
        var costs = await EarlyEndsAsync(period, ended, ct);
        return [.. found.Select(s => s with { OwnerPath = paths[s.TenantId].On(LastDayOf(period)), EarlyEnd = costs.GetValueOrDefault(s.Id) })];

        static List<T> Read<T>(NpgsqlDataReader rows, int column) =>
            JsonSerializer.Deserialize<List<T>>(rows.GetFieldValue<byte[]>(column), StoredJson.Options)!;
    }

    // Of the few that were cancelled; what that costs is the aggregate's to say.
    private async Task<Dictionary<SubscriptionId, EarlyEnd>> EarlyEndsAsync(Period period, HashSet<SubscriptionId> ended, CancellationToken ct)
    {
        if (ended.Count == 0)
            return [];
        var subscriptions = await db.Subscriptions.AsNoTracking().Where(x => ended.Contains(x.Id)).ToListAsync(ct);
        return subscriptions.Select(s => (s.Id, s.EarlyEnd)).Where(x => x.EarlyEnd is { DaysLeft: [var first, ..] } && first.Days.Start <= period.End)
            .ToDictionary(x => x.Id, x => x.EarlyEnd!);
    }

    public async Task<int> CountBillableTenantsAsync(Period period, Scope scope, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"select count(distinct s.tenant_id) from provisioning.subscriptions s where {HasDays}", await session.OpenAsync(ct),
            session.Transaction);
        command.Parameters.AddRange(await ParametersAsync(period, scope, ct));
        return checked((int)(long)(await command.ExecuteScalarAsync(ct))!);
    }

    // A tenant that was transferred into the scope or out of it is in it by where it stood at the period's end, not by its rows' paths.
    private async Task<NpgsqlParameter[]> ParametersAsync(Period period, Scope scope, CancellationToken ct)
    {
        var (from, until) = scope.Ranges();
        var moved = await organizations.TransferredAsync(scope, LastDayOf(period), ct);
        return
        [
            new("start", period.Start), new("end", period.End), new("from", from), new("until", until),
            new("moved", moved.Keys.Select(x => x.Value).ToArray()),
            new("inside", moved.Where(x => scope.Contains(x.Value)).Select(x => x.Key.Value).ToArray()),
        ];
    }

    private static DateOnly LastDayOf(Period period) => period.End.AddDays(-1);

    private async Task<IEnumerable<UsageTarget>> TargetsAsync(List<Subscription> subscriptions, CancellationToken ct)
    {
        var today = calendar.DayOf(clock.GetUtcNow());
        var versions = await catalog.FindPlanVersionsAsync([.. subscriptions.Select(s => s.Plans.On(today).PlanVersionId).Distinct()], ct);
        return subscriptions.Select(s => (Subscription: s, Version: s.Plans.On(today).PlanVersionId)).Select(x => new UsageTarget(
            x.Subscription.Id, x.Subscription.TenantId, x.Version, versions[x.Version].UsesPriceLists, x.Subscription.StartsOn,
            x.Subscription.EndsOn));
    }
}
