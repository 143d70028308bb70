using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Subscriptions;

namespace Licensing.Provisioning.Seats;

/// <summary>A tenant's seats and features today, the rules that hold for them, and what they include.</summary>
internal sealed record LicensingView(
    OrganizationId TenantId, SubscriptionId SubscriptionId, string Product, SubscriptionStatus Status, IReadOnlyDictionary<string, int> Seats,
    IReadOnlyList<FeatureRule> Features, IReadOnlyList<Entitlement> Entitlements, [property: JsonIgnore] int Version) : IDated;

/// <summary>What was changed, and only that.</summary>
internal sealed record SeatChangesView(
    OrganizationId TenantId, IReadOnlyDictionary<string, SeatChange> Changes, [property: JsonIgnore] int Version) : IVersioned;

internal sealed record SeatChange(int OldValue, int NewValue);
