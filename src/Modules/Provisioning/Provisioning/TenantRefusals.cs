using Licensing.Identity.Contracts;

namespace Licensing.Provisioning;

/// <summary>What every area refuses because of the tenant that it is asked for.</summary>
internal static class TenantRefusals
{
    public static Refusal NotActive { get; } =
        new(RefusalKind.Conflict, "tenant_not_active", "The tenant, or an organisation above it, is suspended or closed.");

    public static Refusal NotFound(OrganizationId id) => new(RefusalKind.NotFound, "tenant_not_found", $"There is no tenant {id.Value}.");
}
