using Licensing.Catalog.Contracts;

namespace Licensing.Usage.Records;

/// <summary>
/// One record as it was sent, on its way to being taken or refused; used again and again. Texts are pieces of the body as it lies in the
/// buffer, so a draft is done with before the buffer goes on. What was not given is empty: an empty text is refused.
/// The first rule it breaks is the one that is answered.
/// </summary>
internal sealed class RecordDraft
{
    private static readonly TimeSpan FurthestAhead = TimeSpan.FromHours(24);

    public int Index { get; private set; }
    public ReadOnlyMemory<byte> Id { get; set; }
    public Guid? SubscriptionId { get; set; }
    public ReadOnlyMemory<byte> TenantExternalId { get; set; }
    public ReadOnlyMemory<byte> Sku { get; set; }
    public ReadOnlyMemory<byte> Meter { get; set; }
    /// <summary>Without superfluous zeros, so that equal quantities have one form.</summary>
    public ReadOnlyMemory<byte> Quantity { get; set; }
    public DateTimeOffset? Start { get; set; }
    public DateTimeOffset? End { get; set; }
    public ReadOnlyMemory<byte> Region { get; set; }
    public ReadOnlyMemory<byte> ResourceId { get; set; }
    /// <summary>A JSON object, ordered by key.</summary>
    public ReadOnlyMemory<byte> Dimensions { get; set; }

    /// <summary>Whose it is, once found.</summary>
    public KnownSubscription? Target { get; set; }
    /// <summary>Where its tenant stood on its day.</summary>
    public byte[]? OwnerPath { get; set; }
    public DateOnly Day { get; set; }
    public RecordRefusal? Refusal { get; private set; }

    /// <summary>Whose it may have been when it was sent before, where it is nobody's now.</summary>
    public IReadOnlyList<KnownSubscription> FormerTargets { get; private set; } = [];

    /// <summary>It was stored before, and is refused no more than it would have been then.</summary>
    public bool IsRepeated { get; private set; }

    public RecordDraft Begin(int index)
    {
        Index = index;
        Id = TenantExternalId = Sku = Meter = Quantity = Region = ResourceId = Dimensions = default;
        (SubscriptionId, Start, End, Target, OwnerPath, Refusal, FormerTargets, IsRepeated) = (null, null, null, null, null, null, [], false);
        return this;
    }

    public void Refuse(RecordRefusal refusal) => Refusal ??= refusal;

    public void Refuse(RecordRefusal refusal, IReadOnlyList<KnownSubscription> former)
    {
        if (Refusal is null)
            (Refusal, FormerTargets) = (refusal, former);
    }

    /// <summary>Marks it as repeated where what was stored under its id has the content that it would have had for a former target.</summary>
    /// <param name="storedHash">Of the stored content.</param>
    /// <param name="scratch">To compute in.</param>
    public void CompareWithStored(UInt128 storedHash, System.Buffers.ArrayBufferWriter<byte> scratch)
    {
        foreach (var target in FormerTargets)
            IsRepeated |= RecordContent.HashOf(this, target, scratch) == storedHash;
    }

    /// <summary>Everything that can be said without asking whose the record is.</summary>
    public void Check(Meters meters, DateTimeOffset now, DateTimeOffset oldest, int keptMonths)
    {
        if (Refusal is null)
            Refusal = Missing() ?? BrokenTime(now, oldest, keptMonths) ?? BrokenMeter(meters);
    }

    /// <summary>Checks it again with meters that are younger.</summary>
    public void Recheck(Meters meters, DateTimeOffset now, DateTimeOffset oldest, int keptMonths)
    {
        Refusal = null;
        Check(meters, now, oldest, keptMonths);
    }

    private RecordRefusal? Missing() =>
        Id.IsEmpty ? RecordRefusals.Required("id")
        : SubscriptionId is null && TenantExternalId.IsEmpty ? RecordRefusals.TargetMissing
        : SubscriptionId is not null && !TenantExternalId.IsEmpty ? RecordRefusals.TwoTargets
        : !TenantExternalId.IsEmpty && Sku.IsEmpty ? RecordRefusals.SkuMissing
        : Meter.IsEmpty ? RecordRefusals.Required("meter")
        : Quantity.IsEmpty ? RecordRefusals.Required("quantity")
        : Start is null ? RecordRefusals.Required("start")
        : null;

    private RecordRefusal? BrokenTime(DateTimeOffset now, DateTimeOffset oldest, int keptMonths) =>
        End < Start ? RecordRefusals.EndBeforeStart
        : Start > now + FurthestAhead ? RecordRefusals.InFuture
        : Start < oldest ? RecordRefusals.TooOld(keptMonths)
        : null;

    private RecordRefusal? BrokenMeter(Meters meters) =>
        meters.Find(Meter.Span) is not { } meter ? RecordRefusals.MeterNotFound
        : Quantity.Span[0] == '-' && meter.Aggregation is not MeterAggregation.Sum ? RecordRefusals.NegativeQuantity
        : ResourceId.IsEmpty && meter.Aggregation is MeterAggregation.Unique ? RecordRefusals.ResourceMissing
        : !meter.Takes(Dimensions.Span) ? meter.UndeclaredDimension
        : null;
}
