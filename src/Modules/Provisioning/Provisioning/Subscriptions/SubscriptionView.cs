using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>A subscription as of today. <paramref name="EndDate"/> is the first day that is no longer its own.</summary>
internal sealed record SubscriptionView(
    SubscriptionId Id, OrganizationId TenantId, PlanId PlanId, PlanVersionId PlanVersionId, string Product, string? Reference,
    SubscriptionStatus Status, DateOnly StartDate, DateOnly? EndDate, DateOnly? SuspendedOn, string? SuspensionReason,
    IReadOnlyDictionary<string, int> Quantities, IReadOnlyList<QuantityChange> ScheduledChanges, DateTimeOffset CreatedAt,
    [property: JsonIgnore] int Version) : IDated
{
    public static SubscriptionView Of(Subscription s, DateOnly today)
    {
        var status = s.StatusOn(today);
        var from = today < s.StartsOn ? s.StartsOn : today;
        return new SubscriptionView(
            s.Id, s.TenantId, s.PlanId, s.PlanVersionId, s.Product, s.Reference, status, s.StartsOn, s.EndsOn, s.SuspendedOn,
            s.SuspendedOn is null ? null : s.Suspensions[^1].Reason, s.QuantitiesOn(today), [.. s.History.Where(c => c.On > from)], s.CreatedAt, s.Version);
    }
}
