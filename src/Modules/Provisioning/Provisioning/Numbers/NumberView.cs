using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Numbers;

/// <summary>An inbound number as it stands now.</summary>
/// <param name="Number">E.164, with its plus sign.</param>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
/// <param name="Locality">The place or area that it is of; null where none was said.</param>
/// <param name="State"><c>Available</c>, <c>Allocated</c>, <c>Quarantined</c>: released and nobody else's before <c>quarantinedUntil</c>, or
/// <c>Withdrawn</c> from its pool.</param>
/// <param name="TenantId">Who holds it; null while it is not allocated.</param>
/// <param name="QuarantinedUntil">The first instant at which anyone may have it; null where there is no quarantine.</param>
/// <param name="OrganizationId">The branch whose tenants can be given it; null for callers who stand below that.</param>
internal sealed record NumberView(
    InboundNumberId Id, string Number, string Country, NumberType Type, string? Locality, NumberState State, OrganizationId? TenantId,
    DateTimeOffset? AllocatedAt, DateTimeOffset? QuarantinedUntil, OrganizationId? OrganizationId, [property: JsonIgnore] int Version) : IDated
{
    public static NumberView Of(InboundNumber x, Scope scope, DateTimeOffset now)
    {
        var state = x.StateAt(now);
        return new(
            x.Id, x.Number, x.Country, x.Type, x.Locality, state, x.TenantId, x.AllocatedAt,
            state is NumberState.Quarantined ? x.QuarantinedUntil : null,
            scope.Contains(x.PoolPath) ? x.PoolId : null, x.Version);
    }
}

/// <summary>A number that can be had.</summary>
/// <param name="Number">E.164, with its plus sign.</param>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
/// <param name="Locality">The place or area that it is of; null where none was said.</param>
internal sealed record FreeNumberView(InboundNumberId Id, string Number, string Country, NumberType Type, string? Locality);
