using System.Text;

namespace Licensing.Usage.Records;

/// <summary>
/// Finds whose records are, for one request: a few reads however many records there are, mostly none. A record belongs to where its tenant
/// stood on the record's day, whenever it arrives: a transferred tenant's late usage is its old partner's, to send and to see.
/// </summary>
internal sealed class RecordTargets(TargetMemory memory, BillingCalendar calendar, Scope reach, IServiceProvider? own)
{
    // A sender of many batches has one reach, and it is mostly one place.
    private readonly string _reachName = reach.Roots.Count == 1 ? reach.Roots[0] : string.Join(' ', reach.Roots);

    private readonly Dictionary<long, DateOnly> _days = [];
    private readonly HashSet<Guid> _unknownIds = [];
    private readonly HashSet<string> _unknownNames = new(StringComparer.Ordinal);
    private bool _askedForMeters;
    private (string Place, bool Within) _last = ("\0", false);
    private (long Minute, DateOnly Day) _lastDay = (long.MinValue, default);

    /// <summary>The meters as they are known, and once as they are now, where <paramref name="known"/> lacks one: it may be too old.</summary>
    public async ValueTask<Meters?> MetersAsync(Meters? known, CancellationToken ct)
    {
        if (known is null)
            return await memory.MetersAsync(anew: false, own, ct);
        if (_askedForMeters)
            return null;
        _askedForMeters = true;
        return await memory.MetersAsync(anew: true, own, ct);
    }

    /// <param name="records">Those that are refused already are left alone.</param>
    /// <param name="ct">Cancels.</param>
    public async ValueTask ResolveAsync(ReadOnlyMemory<RecordDraft> records, CancellationToken ct)
    {
        _unknownIds.Clear();
        _unknownNames.Clear();
        foreach (var record in records.Span)
            if (record.Refusal is null)
                Resolve(record);
        if (_unknownIds.Count == 0 && _unknownNames.Count == 0)
            return;

        var byId = _unknownIds.Count == 0 ? null : await memory.ReadAsync(_unknownIds, own, ct);
        var byName = _unknownNames.Count == 0 ? null : await memory.ReadAsync(_unknownNames, reach, _reachName, own, ct);
        foreach (var record in records.Span)
            if (record is { Refusal: null, Target: null })
                if (record.SubscriptionId is { } id)
                    TakeOne(record, byId!.GetValueOrDefault(id));
                else
                    TakeFitting(record, byName![Encoding.UTF8.GetString(record.TenantExternalId.Span)]);
    }

    private void Resolve(RecordDraft record)
    {
        record.Day = DayOf(record.Start!.Value);
        if (record.SubscriptionId is { } id)
        {
            if (memory.Find(id) is { } known)
                TakeOne(record, known);
            else
                _unknownIds.Add(id);
            return;
        }

        var name = Encoding.UTF8.GetString(record.TenantExternalId.Span);
        if (memory.Find(_reachName, name) is { } tenant && tenant.HasOne(record.Day))
            TakeFitting(record, tenant);
        else
            _unknownNames.Add(name);
    }

    private void TakeOne(RecordDraft record, KnownSubscription? target)
    {
        if (target is null || !Take(record, target))
            record.Refuse(RecordRefusals.SubscriptionNotFound("subscriptionId"));
        else if (!target.IsLive(record.Day))
            record.Refuse(RecordRefusals.SubscriptionNotLive, [target]);
    }

    private void TakeFitting(RecordDraft record, NamedTenant tenant)
    {
        KnownSubscription? fitting = null;
        var several = tenant.Tenants > 1;
        foreach (var subscription in tenant.Subscriptions)
            if (subscription.IsLive(record.Day))
                (several, fitting) = (several || fitting is not null, subscription);
        if (several)
            record.Refuse(RecordRefusals.SubscriptionAmbiguous, Reached(tenant, record.Day));
        else if (fitting is null || !Take(record, fitting))
            record.Refuse(RecordRefusals.SubscriptionNotFound("tenantExternalId"), Reached(tenant, record.Day));
    }

    // Of the one that was live when the record came first, which may have ended since, or have been joined by another, also of another tenant.
    private List<KnownSubscription> Reached(NamedTenant tenant, DateOnly day) =>
        [.. tenant.All.Where(subscription => IsWithin(subscription.PlaceOn(day)))];

    // Records of one subscription mostly come one after the other.
    private bool Take(RecordDraft record, KnownSubscription target)
    {
        var place = target.PlaceOn(record.Day);
        if (!ReferenceEquals(place, _last.Place))
            _last = (place, IsWithin(place));
        if (!_last.Within)
            return false;
        (record.Target, record.OwnerPath) = (target, target.PathOf(place));
        return true;
    }

    private bool IsWithin(string place)
    {
        for (var i = 0; i < reach.Roots.Count; i++)
            if (place.StartsWith(reach.Roots[i], StringComparison.Ordinal))
                return true;
        return false;
    }

    // A billing day starts at a whole minute in every zone, and records of one batch share few minutes.
    private DateOnly DayOf(DateTimeOffset start)
    {
        var minute = start.UtcTicks / TimeSpan.TicksPerMinute;
        if (minute == _lastDay.Minute)
            return _lastDay.Day;
        if (!_days.TryGetValue(minute, out var day))
            _days[minute] = day = calendar.DayOf(start);
        _lastDay = (minute, day);
        return day;
    }
}
