using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Usage.Records;

/// <summary>One record as it was sent, on its way to being taken or refused. The first rule it breaks is the one that is answered.</summary>
internal sealed class RecordDraft(int index)
{
    private static readonly TimeSpan FurthestAhead = TimeSpan.FromHours(24);

    public int Index { get; } = index;
    public string? Id { get; set; }
    public SubscriptionId? SubscriptionId { get; set; }
    public string? TenantExternalId { get; set; }
    public string? Sku { get; set; }
    public string? Meter { get; set; }
    /// <summary>Without superfluous zeros, so that equal quantities have one form.</summary>
    public string? Quantity { get; set; }
    public DateTimeOffset? Start { get; set; }
    public DateTimeOffset? End { get; set; }
    public string? Region { get; set; }
    public string? ResourceId { get; set; }
    /// <summary>A JSON object, ordered by key.</summary>
    public string? Dimensions { get; set; }

    /// <summary>Whose it is, once found.</summary>
    public UsageTarget? Target { get; set; }
    /// <summary>Where its tenant stood on its day.</summary>
    public string? OwnerPath { get; set; }
    public DateOnly Day { get; set; }
    /// <summary>What its id is recognised by.</summary>
    public Guid Key { get; set; }
    public Guid ContentHash { get; set; }
    public RecordRefusal? Refusal { get; private set; }

    public void Refuse(RecordRefusal refusal) => Refusal ??= refusal;

    /// <summary>Everything that can be said without asking whose the record is.</summary>
    public void Check(IReadOnlyDictionary<string, MeterRef> meters, DateTimeOffset now, int keptMonths)
    {
        if (Refusal is null)
            Refusal = Missing() ?? BrokenTime(now, keptMonths) ?? BrokenMeter(meters);
    }

    private RecordRefusal? Missing() =>
        Id is null ? RecordRefusals.Required("id")
        : SubscriptionId is null && TenantExternalId is null ? RecordRefusals.TargetMissing
        : SubscriptionId is not null && TenantExternalId is not null ? RecordRefusals.TwoTargets
        : TenantExternalId is not null && Sku is null ? RecordRefusals.SkuMissing
        : Meter is null ? RecordRefusals.Required("meter")
        : Quantity is null ? RecordRefusals.Required("quantity")
        : Start is null ? RecordRefusals.Required("start")
        : null;

    private RecordRefusal? BrokenTime(DateTimeOffset now, int keptMonths) =>
        End < Start ? RecordRefusals.EndBeforeStart
        : Start > now + FurthestAhead ? RecordRefusals.InFuture
        : Start < now.AddMonths(-keptMonths) ? RecordRefusals.TooOld(keptMonths)
        : null;

    private RecordRefusal? BrokenMeter(IReadOnlyDictionary<string, MeterRef> meters) =>
        !meters.TryGetValue(Meter!, out var meter) ? RecordRefusals.MeterNotFound
        : Quantity!.StartsWith('-') && meter.Aggregation is not MeterAggregation.Sum ? RecordRefusals.NegativeQuantity
        : ResourceId is null && meter.Aggregation is MeterAggregation.Unique ? RecordRefusals.ResourceMissing
        : null;
}
