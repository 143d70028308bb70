using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel;
using Licensing.Kernel.Messaging;

namespace Licensing.Provisioning.Contracts;

/// <summary>One tenant's right to use one plan, from its start to its end.</summary>
public readonly record struct SubscriptionId(Guid Value) : IId<SubscriptionId>;

/// <summary>What a subscription was during part of a period: one state, whole days, half-open.</summary>
/// <param name="Days">The days it held.</param>
/// <param name="PlanVersionId">The plan version in force.</param>
/// <param name="Quantities">Feature → quantity.</param>
public sealed record SubscriptionSpan(Period Days, PlanVersionId PlanVersionId, IReadOnlyDictionary<string, int> Quantities);

/// <summary>Days of one plan version, whether the subscription was suspended on them or not.</summary>
/// <param name="Days">Of the subscription, half-open.</param>
/// <param name="PlanVersionId">What was in force.</param>
public sealed record PlanDays(Period Days, PlanVersionId PlanVersionId);

/// <summary>A subscription as billing sees it in one period.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="OwnerPath">Where the owner stood on the period's last day; to that partner the whole period belongs.</param>
/// <param name="StartedOn">Its first day.</param>
/// <param name="TrialEndsOn">The first day after its trial, which no later plan brings back; its first day where there was none.</param>
/// <param name="Spans">In order; days that are missing are suspended or over.</param>
public sealed record BillableSubscription(
    SubscriptionId Id, OrganizationId TenantId, string OwnerPath, DateOnly StartedOn, DateOnly TrialEndsOn,
    IReadOnlyList<SubscriptionSpan> Spans)
{
    /// <summary>That it ended within its term in this period, and that this costs something; null otherwise.</summary>
    public EarlyEnd? EarlyEnd { get; init; }

    /// <summary>All its days of the period by plan version, in order and without a gap; where nobody says them, those of its spans.</summary>
    public IReadOnlyList<PlanDays> Plans
    {
        get => field ?? [.. Spans.Select(span => new PlanDays(span.Days, span.PlanVersionId))];
        init;
    }
}

/// <summary>What ending within a term costs.</summary>
/// <param name="FeePercent">Above 0, to 100: of the fixed charges for the days that the term still had.</param>
/// <param name="DaysLeft">Those days, as they were agreed: in order, from the first day on which it no longer is to the term's end.</param>
public sealed record EarlyEnd(decimal FeePercent, IReadOnlyList<SubscriptionSpan> DaysLeft);

/// <summary>A subscription as usage needs it: whose a record is.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="PlanVersionId">The plan version in force now.</param>
/// <param name="UsesPriceLists">Whether usage with a SKU is priced from the price lists.</param>
/// <param name="StartedOn">Its first day.</param>
/// <param name="EndedOn">The first day on which it no longer is; null while open-ended.</param>
public sealed record UsageTarget(
    SubscriptionId Id, OrganizationId TenantId, PlanVersionId PlanVersionId, bool UsesPriceLists, DateOnly StartedOn, DateOnly? EndedOn);

/// <summary>Whose a subscription is and when, and nothing that takes more than its row's own columns.</summary>
/// <param name="TenantId">Its owner.</param>
/// <param name="StartedOn">Its first day.</param>
/// <param name="EndedOn">The first day on which it no longer is; null while open-ended.</param>
public sealed record SubscriptionDays(OrganizationId TenantId, DateOnly StartedOn, DateOnly? EndedOn);

/// <summary>Reads subscriptions for other modules. No call checks the caller's scope; the asking slice does, with the path.</summary>
public interface ISubscriptionDirectory
{
    /// <summary>Subscriptions by id, in one read; those that do not exist are absent.</summary>
    /// <param name="ids">Which.</param>
    Task<IReadOnlyDictionary<SubscriptionId, UsageTarget>> FindAsync(IReadOnlyCollection<SubscriptionId> ids, CancellationToken ct);

    /// <summary>As <see cref="FindAsync"/> for who asks often: whose they are and when.</summary>
    /// <param name="ids">Which.</param>
    Task<IReadOnlyDictionary<SubscriptionId, SubscriptionDays>> DaysAsync(IReadOnlyCollection<SubscriptionId> ids, CancellationToken ct);

    /// <summary>All subscriptions of these tenants that were ever active, in one read.</summary>
    /// <param name="tenants">Whose.</param>
    Task<ILookup<OrganizationId, UsageTarget>> OfTenantsAsync(IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct);

    /// <summary>
    /// The next tenants, by id, that had a subscription on any day of <paramref name="period"/>, suspended or not, each with all its subscriptions of
    /// the period. Billing walks the tenants with <paramref name="after"/>.
    /// </summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="scope">Only tenants that stood within it on the period's last day.</param>
    /// <param name="after">The last tenant of the chunk before; null for the first.</param>
    /// <param name="tenants">Most tenants to answer.</param>
    Task<IReadOnlyList<BillableSubscription>> BillableAsync(Period period, Scope scope, OrganizationId? after, int tenants, CancellationToken ct);

    /// <summary>The ids of the tenants that <see cref="BillableAsync"/> walks over, in their order, streamed.</summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="scope">Only tenants that stood within it on the period's last day.</param>
    /// <param name="ct">Gives up.</param>
    IAsyncEnumerable<OrganizationId> BillableTenantsAsync(Period period, Scope scope, CancellationToken ct);

    /// <summary>What <see cref="BillableAsync"/> tells of the tenants after one id up to another.</summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="after">The tenants lie after it; null for the first.</param>
    /// <param name="last">The last of them; null for all that follow.</param>
    /// <param name="ct">Gives up.</param>
    Task<IReadOnlyList<BillableSubscription>> BillableBetweenAsync(
        Period period, OrganizationId? after, OrganizationId? last, CancellationToken ct);

    /// <summary>What <see cref="BillableAsync"/> tells of these tenants, in one read; those with nothing to bill are absent.</summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="tenants">Whose.</param>
    /// <param name="ct">Gives up.</param>
    Task<IReadOnlyList<BillableSubscription>> BillableOfAsync(Period period, IReadOnlyCollection<OrganizationId> tenants, CancellationToken ct);

    /// <summary>
    /// Those subscriptions of these tenants with a day in <paramref name="period"/> that were agreed to be by one of these plan versions at some
    /// time, each with all its days of the period as far as they are known, in one read.
    /// </summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="tenants">Whose.</param>
    /// <param name="plans">Plan versions; not none.</param>
    /// <param name="ct">Gives up.</param>
    Task<IReadOnlyList<BillableSubscription>> BillableByAsync(
        Period period, IReadOnlyCollection<OrganizationId> tenants, IReadOnlyCollection<PlanVersionId> plans, CancellationToken ct);

    /// <summary>How many tenants <see cref="BillableAsync"/> walks over.</summary>
    /// <param name="period">Whole days in the billing time zone.</param>
    /// <param name="scope">Only tenants that stood within it on the period's last day.</param>
    Task<int> CountBillableTenantsAsync(Period period, Scope scope, CancellationToken ct);
}

/// <summary>A subscription is active from <paramref name="StartedOn"/>.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="PlanVersionId">What it bought.</param>
/// <param name="StartedOn">Its first day in the billing time zone.</param>
[Message("provisioning.subscription-activated.v1")]
public sealed record SubscriptionActivated(SubscriptionId Id, OrganizationId TenantId, PlanVersionId PlanVersionId, DateOnly StartedOn);

/// <summary>Quantities changed with effect from a day.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="EffectiveOn">The first day of the new quantities.</param>
/// <param name="Quantities">All quantities from that day.</param>
[Message("provisioning.subscription-quantities-changed.v1")]
public sealed record SubscriptionQuantitiesChanged(
    SubscriptionId Id, OrganizationId TenantId, DateOnly EffectiveOn, IReadOnlyDictionary<string, int> Quantities);

/// <summary>
/// The tenant can no longer use the subscription. Usage that still comes in is billed, without a base fee.
/// </summary>
/// <param name="Id">The subscription.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="At">When access stopped.</param>
[Message("provisioning.subscription-suspended.v1")]
public sealed record SubscriptionSuspended(SubscriptionId Id, OrganizationId TenantId, DateTimeOffset At);

/// <summary>The suspension has ended.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="At">When access came back.</param>
[Message("provisioning.subscription-resumed.v1")]
public sealed record SubscriptionResumed(SubscriptionId Id, OrganizationId TenantId, DateTimeOffset At);

/// <summary>
/// The subscription has no days from <paramref name="EndsOn"/> on. Told again where the day is moved, or where a change of plan, or its
/// withdrawal, changes what it costs: the last one counts.
/// </summary>
/// <param name="Id">The subscription.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="EndsOn">The first day that is not its own.</param>
/// <param name="EarlyFeePercent">What ending within the term costs, in percent of what is left of it; null where it costs nothing.</param>
[Message("provisioning.subscription-cancelled.v1")]
public sealed record SubscriptionCancelled(SubscriptionId Id, OrganizationId TenantId, DateOnly EndsOn, decimal? EarlyFeePercent = null);

/// <summary>A cancellation that had not come yet was taken back.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="EndsOn">The first day that is not its own by expiry; null where it is open-ended again.</param>
[Message("provisioning.subscription-cancellation-undone.v1")]
public sealed record SubscriptionCancellationUndone(SubscriptionId Id, OrganizationId TenantId, DateOnly? EndsOn);

/// <summary>Another plan version is in force; told on its first day, also where it was agreed earlier.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="EffectiveOn">Its first day.</param>
/// <param name="FormerPlanVersionId">What was in force on the day before.</param>
/// <param name="PlanVersionId">What is in force.</param>
[Message("provisioning.subscription-plan-changed.v1")]
public sealed record SubscriptionPlanChanged(
    SubscriptionId Id, OrganizationId TenantId, DateOnly EffectiveOn, PlanVersionId FormerPlanVersionId, PlanVersionId PlanVersionId);

/// <summary>What was agreed for a day to come will not come.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="EffectiveOn">That day.</param>
/// <param name="PlanVersionId">What is in force from that day instead.</param>
/// <param name="Quantities">All quantities from that day instead.</param>
[Message("provisioning.subscription-change-withdrawn.v1")]
public sealed record SubscriptionChangeWithdrawn(
    SubscriptionId Id, OrganizationId TenantId, DateOnly EffectiveOn, PlanVersionId PlanVersionId, IReadOnlyDictionary<string, int> Quantities);

/// <summary>Another term follows, by itself or because somebody renewed it.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="TermStartsOn">The new term's first day, also where it was renewed later.</param>
/// <param name="TermEndsOn">The first day after it.</param>
[Message("provisioning.subscription-renewed.v1")]
public sealed record SubscriptionRenewed(SubscriptionId Id, OrganizationId TenantId, DateOnly TermStartsOn, DateOnly TermEndsOn);

/// <summary>The subscription ended with its term; told on the day, and not of one that was cancelled.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="EndedOn">The first day that is not its own.</param>
[Message("provisioning.subscription-expired.v1")]
public sealed record SubscriptionExpired(SubscriptionId Id, OrganizationId TenantId, DateOnly EndedOn);

/// <summary>Another quota was agreed for the subscription, beside its plan's.</summary>
/// <param name="Id">The subscription.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="Meter">The meter's key.</param>
/// <param name="Limit">The most usage of a billing period, in the meter's units.</param>
[Message("provisioning.subscription-quota-changed.v1")]
public sealed record SubscriptionQuotaChanged(SubscriptionId Id, OrganizationId TenantId, string Meter, decimal Limit);
