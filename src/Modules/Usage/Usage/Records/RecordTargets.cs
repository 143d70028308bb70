using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Usage.Records;

/// <summary>
/// Finds whose the records of a batch are: a few reads however many records there are. A record belongs to where its tenant stood on the
/// record's day, whenever it arrives: a transferred tenant's late usage is its old partner's, to send and to see.
/// </summary>
internal sealed class RecordTargets(IOrganizationDirectory organizations, ISubscriptionDirectory subscriptions, BillingCalendar calendar)
{
    public async Task ResolveAsync(IReadOnlyCollection<RecordDraft> records, Scope scope, CancellationToken ct)
    {
        var days = new Dictionary<long, DateOnly>();
        foreach (var record in records)
            record.Day = DayOf(record.Start!.Value, days);

        await ByIdAsync([.. records.Where(r => r.SubscriptionId is not null)], scope, ct);
        await ByTenantAsync([.. records.Where(r => r.SubscriptionId is null)], scope, ct);
    }

    private async Task ByIdAsync(List<RecordDraft> records, Scope scope, CancellationToken ct)
    {
        if (records.Count == 0)
            return;
        var found = await subscriptions.FindAsync([.. records.Select(r => r.SubscriptionId!.Value).Distinct()], ct);
        var paths = await organizations.PathsAsync([.. found.Values.Select(s => s.TenantId).Distinct()], ct);
        foreach (var record in records)
            if (found.TryGetValue(record.SubscriptionId!.Value, out var target)
                && paths[target.TenantId].On(record.Day) is var path && scope.Contains(path))
            {
                if (IsLive(target, record.Day))
                    (record.Target, record.OwnerPath) = (target, path);
                else
                    record.Refuse(RecordRefusals.SubscriptionNotLive);
            }
            else
            {
                record.Refuse(RecordRefusals.SubscriptionNotFound("subscriptionId"));
            }
    }

    private async Task ByTenantAsync(List<RecordDraft> records, Scope scope, CancellationToken ct)
    {
        if (records.Count == 0)
            return;
        var tenants = await organizations.FindTenantsAsync([.. records.Select(r => r.TenantExternalId!).Distinct()], scope, ct);
        var found = await subscriptions.OfTenantsAsync([.. tenants.SelectMany(t => t).Select(t => t.Id).Distinct()], ct);
        var paths = await organizations.PathsAsync([.. found.Select(s => s.Key)], ct);
        foreach (var record in records)
        {
            // Two partners may use one external id. Even if only one of the tenants has a subscription that fits, taking it would
            // be a guess at whom to bill.
            var owners = tenants[record.TenantExternalId!].ToList();
            var fitting = owners.Count == 1
                ? found[owners[0].Id].Where(s => s.UsesPriceLists && IsLive(s, record.Day)).Take(2).ToList()
                : [];
            if (fitting is [var target] && paths[target.TenantId].On(record.Day) is var path && scope.Contains(path))
                (record.Target, record.OwnerPath) = (target, path);
            else
                record.Refuse(owners.Count > 1 || fitting.Count > 1
                    ? RecordRefusals.SubscriptionAmbiguous
                    : RecordRefusals.SubscriptionNotFound("tenantExternalId"));
        }
    }

    private static bool IsLive(UsageTarget target, DateOnly day) => target.StartedOn <= day && (target.EndedOn is null || day < target.EndedOn);

    // A billing day starts at a whole minute in every zone, and records of one batch share few minutes.
    private DateOnly DayOf(DateTimeOffset start, Dictionary<long, DateOnly> days)
    {
        var minute = start.UtcTicks / TimeSpan.TicksPerMinute;
        if (!days.TryGetValue(minute, out var day))
            days[minute] = day = calendar.DayOf(start);
        return day;
    }
}
