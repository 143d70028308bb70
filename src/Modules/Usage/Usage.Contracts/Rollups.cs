using Licensing.Identity.Contracts;
using Licensing.Kernel;
using Licensing.Provisioning.Contracts;

namespace Licensing.Usage.Contracts;

/// <summary>The usage of one meter and SKU by one subscription over some days, aggregated as the meter says.</summary>
/// <param name="TenantId">Whose.</param>
/// <param name="SubscriptionId">By which subscription.</param>
/// <param name="Meter">The meter's key.</param>
/// <param name="Sku">The SKU; empty where the records named none.</param>
/// <param name="Region">The region; empty where the records named none.</param>
/// <param name="Quantity">Exact, never rounded.</param>
/// <param name="Records">How many records it stands for.</param>
public sealed record UsageTotal(
    OrganizationId TenantId, SubscriptionId SubscriptionId, string Meter, string Sku, string Region, Exact Quantity, long Records)
{
    /// <summary>How many of <see cref="Records"/> have a quantity below zero; they are not events.</summary>
    public long NegativeRecords { get; init; }

    /// <summary>What a fee per event is charged for.</summary>
    public long Events => Records - NegativeRecords;
}

/// <summary>What <see cref="UsageTotal"/> says, of one day.</summary>
/// <param name="Day">In the billing time zone.</param>
/// <param name="Total">Of that day alone.</param>
public sealed record DailyUsage(DateOnly Day, UsageTotal Total);

/// <summary>Days of a subscription whose usage is totalled by itself.</summary>
/// <param name="TenantId">Whose.</param>
/// <param name="SubscriptionId">Of which subscription.</param>
/// <param name="Days">In the billing time zone.</param>
public sealed record UsageStretch(OrganizationId TenantId, SubscriptionId SubscriptionId, Period Days);

/// <summary>What <typeparamref name="T"/> says, of one <see cref="UsageStretch"/>.</summary>
/// <param name="From">Its first day.</param>
/// <param name="Usage">Of its days alone.</param>
public readonly record struct OfStretch<T>(DateOnly From, T Usage);

/// <summary>
/// How many different resources a subscription used on a meter that counts them. The totals of its SKUs and regions do not add up to
/// this: one resource may be in several.
/// </summary>
/// <param name="SubscriptionId">By which subscription.</param>
/// <param name="Meter">The meter's key.</param>
/// <param name="Resources">In all SKUs and regions.</param>
/// <param name="WithoutSku">In all regions, of the records that named no SKU.</param>
public sealed record DistinctUsage(SubscriptionId SubscriptionId, string Meter, long Resources, long WithoutSku);

/// <summary>
/// The database refuses to read what some tenants used (a damaged page, a value out of range). They are noted: <see
/// cref="IUsageTotals.UnmergedAsync"/> tells them until they are mended. Asked without them the same question has an answer.
/// </summary>
/// <param name="tenants">Whose.</param>
/// <param name="cause">What the database said.</param>
public sealed class UnreadableUsageException(IReadOnlyCollection<OrganizationId> tenants, Exception cause)
    : Exception($"The usage of {tenants.Count} tenants cannot be read.", cause)
{
    /// <summary>Whose.</summary>
    public IReadOnlyCollection<OrganizationId> Tenants => tenants;
}

/// <summary>
/// Reads usage aggregates; what cannot be read is an <see cref="UnreadableUsageException"/>. The cost does not depend on how many records there are.
/// </summary>
public interface IUsageTotals
{
    /// <summary>
    /// Brings the rollups of these days up to every record that was acknowledged before the call, but for tenants whose usage cannot be merged: see
    /// <see cref="UnmergedAsync"/>.
    /// </summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="ct">Gives up.</param>
    Task CatchUpAsync(Period period, CancellationToken ct);

    /// <summary>
    /// As <see cref="CatchUpAsync"/> for some tenants and with a bounded amount of work, for who reads figures of a running period: enough for what
    /// arrived a moment ago; under a longer backlog the rollups are right up to what is merged.
    /// </summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="tenants">Whose.</param>
    /// <param name="ct">Gives up.</param>
    Task FreshenAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct);

    /// <summary>
    /// Those whose totals of these days lack usage that could not be merged when it was tried last, or cannot be read, as the database refuses what
    /// is to be written for them or is stored (a damaged page, a value out of range). They are not to be billed; mended by whomever, they are told
    /// no more.
    /// </summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="tenants">Of these.</param>
    /// <param name="ct">Gives up.</param>
    Task<IReadOnlySet<OrganizationId>> UnmergedAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct);

    /// <summary>
    /// The totals of each day on which these subscriptions used something; one read. Of tenants whose days cannot be read nothing is told.
    /// </summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="tenants">Whose the subscriptions are.</param>
    /// <param name="subscriptions">Which.</param>
    /// <param name="ct">Gives up.</param>
    Task<IReadOnlyList<DailyUsage>> OfDaysAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, IReadOnlyCollection<SubscriptionId> subscriptions, CancellationToken ct);

    /// <summary>Totals of whole days for these tenants, ordered by tenant, subscription, meter, SKU, region; one ordered read.</summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="tenants">Whose.</param>
    /// <param name="ct">Gives up.</param>
    Task<IReadOnlyList<UsageTotal>> OfTenantsAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct);

    /// <summary>Distinct resources of whole days for these tenants, one per subscription and meter that counts them; one read.</summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="tenants">Whose.</param>
    /// <param name="ct">Gives up.</param>
    Task<IReadOnlyList<DistinctUsage>> DistinctAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct);

    /// <summary><see cref="OfTenantsAsync"/> for days that differ by subscription; one read, however many stretches there are.</summary>
    /// <param name="stretches">Those of a subscription do not meet.</param>
    /// <param name="ct">Gives up.</param>
    Task<IReadOnlyList<OfStretch<UsageTotal>>> OfStretchesAsync(IReadOnlyCollection<UsageStretch> stretches, CancellationToken ct);

    /// <summary><see cref="DistinctAsync"/> for days that differ by subscription; one read, however many stretches there are.</summary>
    /// <param name="stretches">Those of a subscription do not meet.</param>
    /// <param name="ct">Gives up.</param>
    Task<IReadOnlyList<OfStretch<DistinctUsage>>> DistinctOfStretchesAsync(IReadOnlyCollection<UsageStretch> stretches, CancellationToken ct);
}

/// <summary>How far somebody has heard of changes; the default is from the beginning. Means nothing in another database.</summary>
/// <param name="Value">For storing it.</param>
public readonly record struct UsageMark(long Value);

/// <summary>A month whose usage is no longer what it was: more came, or some was corrected.</summary>
/// <param name="TenantId">Whose.</param>
/// <param name="Month">Its first day.</param>
public sealed record ChangedMonth(OrganizationId TenantId, DateOnly Month);

/// <summary>What changed.</summary>
/// <param name="Months">By tenant and month.</param>
/// <param name="Next">From where to ask on; moves on also where no month is told.</param>
public sealed record ChangedUsage(IReadOnlyList<ChangedMonth> Months, UsageMark Next);

/// <summary>Tells which months changed, so that what comes late to a closed one can be billed.</summary>
public interface IUsageChanges
{
    /// <summary>
    /// Months whose rollups changed since a mark, each at least once: a change that committed before this call is in it or in a former
    /// answer. Records that are not rolled up yet are not in it; see <see cref="IUsageTotals.CatchUpAsync"/>.
    /// </summary>
    /// <param name="mark">The last answer's.</param>
    /// <param name="months">Only months that begin in it.</param>
    /// <param name="tenants">Only theirs, and no others are read: the answer then is no mark to go on from. Null: everyone's.</param>
    /// <param name="ct">Gives up.</param>
    Task<ChangedUsage> SinceAsync(UsageMark mark, Period months, IReadOnlyCollection<OrganizationId>? tenants, CancellationToken ct);
}
