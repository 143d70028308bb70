using Licensing.Identity.Contracts;
using Licensing.Kernel;
using Licensing.Kernel.Http;
using Licensing.Kernel.Messaging;

namespace Licensing.Provisioning.Contracts;

/// <summary>One inbound number, from its first loading on; loaded again after it was withdrawn it is the same.</summary>
public readonly record struct InboundNumberId(Guid Value) : IId<InboundNumberId>;

/// <summary>What calling a number means for the caller.</summary>
public enum NumberType
{
    /// <summary>Of a place.</summary>
    Geographic,
    /// <summary>Of a country, of no place in it.</summary>
    National,
    /// <summary>Of a mobile network.</summary>
    Mobile,
    /// <summary>Paid by who is called.</summary>
    TollFree,
    /// <summary>Paid by both.</summary>
    SharedCost,
}

/// <summary>An inbound number as another module's door shows it.</summary>
/// <param name="Id">The number's id.</param>
/// <param name="Number">E.164, with its plus sign.</param>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
/// <param name="Type">What calling it means.</param>
/// <param name="Locality">The place or area that it is of, for people; null where none was said.</param>
/// <param name="TenantId">Who holds it; null where nobody does.</param>
public sealed record InboundNumberRef(InboundNumberId Id, string Number, string Country, NumberType Type, string? Locality, OrganizationId? TenantId);

/// <summary>
/// Inbound numbers for the doors of other modules. Works within the caller's rights and scope as <c>/api/v1/numbers</c> does, in the caller's
/// transaction where there is one; refusals are the same.
/// </summary>
public interface IInboundNumbers
{
    /// <summary>Numbers that a tenant could be allocated, in the order of the numbers.</summary>
    /// <param name="tenant">For whom; null is anyone at the caller's own place in the tree.</param>
    /// <param name="country">ISO 3166-1 alpha-2; null is any.</param>
    /// <param name="contains">Digits that follow each other somewhere in the number; null is any.</param>
    /// <param name="start">Which page.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>
    /// Refused as not found (<c>tenant_not_found</c>), and as malformed where the country or the digits cannot be read (<c>invalid_parameter</c>)
    /// or the page starts after what is no number (<c>invalid_cursor</c>).
    /// </returns>
    Task<Result<Page<InboundNumberRef>>> SearchAsync(
        OrganizationId? tenant, string? country, string? contains, PageStart start, CancellationToken ct);

    /// <summary>Gives a tenant one number. Of two who ask for it at once one gets it.</summary>
    /// <param name="tenant">Who gets it.</param>
    /// <param name="number">E.164, with its plus sign.</param>
    /// <returns>Refused as not found (<c>tenant_not_found</c>) and as conflict (<c>number_not_available</c>, <c>tenant_not_active</c>).</returns>
    Task<Result<InboundNumberRef>> AllocateAsync(OrganizationId tenant, string number, CancellationToken ct);

    /// <summary>Takes a number from the tenant that holds it; nobody else gets it before its quarantine is over.</summary>
    /// <param name="tenant">Who holds it.</param>
    /// <param name="number">E.164, with its plus sign.</param>
    /// <returns>
    /// Refused as not found (<c>number_not_found</c>) where this tenant does not hold it, and as conflict (<c>number_not_allocated</c>,
    /// <c>concurrent_change</c>) where somebody else was faster.
    /// </returns>
    Task<Result<InboundNumberRef>> ReleaseAsync(OrganizationId tenant, string number, CancellationToken ct);

    /// <summary>The numbers that a tenant holds, the last loaded first; none where it is outside the scope.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="start">Which page.</param>
    /// <returns>Refused as malformed (<c>invalid_cursor</c>) where the page starts after what is no number's id.</returns>
    Task<Result<Page<InboundNumberRef>>> HeldAsync(OrganizationId tenant, PageStart start, CancellationToken ct);
}

/// <summary>A tenant has a number.</summary>
/// <param name="Id">The number.</param>
/// <param name="Number">E.164, with its plus sign.</param>
/// <param name="TenantId">Who holds it.</param>
/// <param name="At">From when on.</param>
[Message("provisioning.inbound-number-allocated.v1")]
public sealed record InboundNumberAllocated(InboundNumberId Id, string Number, OrganizationId TenantId, DateTimeOffset At);

/// <summary>A tenant has a number no longer.</summary>
/// <param name="Id">The number.</param>
/// <param name="Number">E.164, with its plus sign.</param>
/// <param name="TenantId">Who held it.</param>
/// <param name="At">From when on it does not.</param>
/// <param name="QuarantinedUntil">Before then nobody else gets it; null where there is no quarantine.</param>
[Message("provisioning.inbound-number-released.v1")]
public sealed record InboundNumberReleased(
    InboundNumberId Id, string Number, OrganizationId TenantId, DateTimeOffset At, DateTimeOffset? QuarantinedUntil);

/// <summary>A number's quarantine is over and anyone may have it. Not told of one that was allocated again before.</summary>
/// <param name="Id">The number.</param>
/// <param name="Number">E.164, with its plus sign.</param>
[Message("provisioning.inbound-number-freed.v1")]
public sealed record InboundNumberFreed(InboundNumberId Id, string Number);
