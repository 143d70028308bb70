using Licensing.Kernel;

namespace Licensing.Identity.Contracts;

/// <summary>A node of the channel's tree: the platform, a distributor, a partner or a tenant.</summary>
public readonly record struct OrganizationId(Guid Value) : IId<OrganizationId>;
