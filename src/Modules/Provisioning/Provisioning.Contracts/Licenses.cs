using Licensing.Identity.Contracts;
using Licensing.Kernel;
using Licensing.Kernel.Messaging;

namespace Licensing.Provisioning.Contracts;

/// <summary>One tenant's licence of an edition, for its duration.</summary>
public readonly record struct LicenseId(Guid Value) : IId<LicenseId>;

/// <summary>A tenant has a licence.</summary>
/// <param name="Id">The licence.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="Code">The edition's code.</param>
/// <param name="Demo">Whether it is a free trial.</param>
/// <param name="Renews">The licence it takes over from; null for a new one.</param>
/// <param name="At">When it was assigned.</param>
[Message("provisioning.license-assigned.v1")]
public sealed record LicenseAssigned(LicenseId Id, OrganizationId TenantId, string Code, bool Demo, LicenseId? Renews, DateTimeOffset At);

/// <summary>A licence's days have begun.</summary>
/// <param name="Id">The licence.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="StartsOn">Its first day, in the billing time zone.</param>
/// <param name="EndsOn">The first day that is not its own.</param>
[Message("provisioning.license-activated.v1")]
public sealed record LicenseActivated(LicenseId Id, OrganizationId TenantId, DateOnly StartsOn, DateOnly EndsOn);

/// <summary>A licence was ended by hand.</summary>
/// <param name="Id">The licence.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="GivenBack">Whether its credit was given back, in full.</param>
/// <param name="At">When.</param>
[Message("provisioning.license-cancelled.v1")]
public sealed record LicenseCancelled(LicenseId Id, OrganizationId TenantId, bool GivenBack, DateTimeOffset At);

/// <summary>A licence's days are over and no other took over.</summary>
/// <param name="Id">The licence.</param>
/// <param name="TenantId">Its owner.</param>
/// <param name="EndedOn">The first day that is not its own.</param>
[Message("provisioning.license-expired.v1")]
public sealed record LicenseExpired(LicenseId Id, OrganizationId TenantId, DateOnly EndedOn);
