using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Quotas;

/// <param name="Limit">The most usage of a billing period that is asked for.</param>
/// <param name="DecisionReason">What the platform said; null while nothing is decided.</param>
internal sealed record QuotaRequestView(
    Guid Id, SubscriptionId SubscriptionId, OrganizationId TenantId, string Meter, decimal Limit, string Reason, QuotaRequestStatus Status,
    string AskedBy, DateTimeOffset AskedAt, string? DecidedBy, DateTimeOffset? DecidedAt, string? DecisionReason,
    [property: JsonIgnore] int Version) : IVersioned
{
    public static QuotaRequestView Of(QuotaRequest x) => new(
        x.Id, x.SubscriptionId, x.TenantId, x.Meter, x.Limit, x.Reason, x.Status, x.AskedBy, x.AskedAt, x.DecidedBy, x.DecidedAt, x.DecisionReason,
        x.Version);
}
