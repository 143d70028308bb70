using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Transfers;

/// <summary>A transfer as someone sees it; partners outside his reach are not named.</summary>
internal sealed record TransferView(
    TransferId Id, OrganizationId TenantId, OrganizationId? FromPartnerId, OrganizationId? PartnerId, DateOnly On, string Reason, string RequestedBy,
    DateTimeOffset RequestedAt, TransferStatus Status, string? FailureCode, string? FailureMessage, DateTimeOffset? EndedAt,
    [property: JsonIgnore] int Version) : IVersioned
{
    public static TransferView Of(Transfer x, Predicate<OrganizationId> reached) => new(
        x.Id, x.TenantId, reached(x.FromPartnerId) ? x.FromPartnerId : null, reached(x.PartnerId) ? x.PartnerId : null, x.EffectiveOn, x.Reason,
        x.RequestedBy, x.RequestedAt, x.Status, x.FailureCode, x.FailureMessage, x.EndedAt, x.Version);
}
