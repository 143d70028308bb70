using Licensing.Identity.Contracts;

namespace Licensing.Provisioning.Numbers;

/// <summary>That a tenant held a number.</summary>
/// <param name="From">The first instant.</param>
/// <param name="Until">The first instant at which it did not; null while it does.</param>
/// <param name="BegunBy">Who allocated it; the system where the tenant came with it from another partner.</param>
/// <param name="EndedBy">Who released it; the system where the tenant went with it to another partner.</param>
/// <param name="Reason">Why it was released, where that was said.</param>
internal sealed record HoldingView(
    Guid Id, OrganizationId TenantId, DateTimeOffset From, DateTimeOffset? Until, string BegunBy, string? EndedBy, string? Reason);
