using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Provisioning.Numbers;

/// <summary>Keeps an organisation from being closed while a number is allocated there. What is only in its pool does not hold it.</summary>
internal sealed class LiveNumbers(DbSession session) : IHoldsOrganization
{
    public Task<Holding?> HeldAsync(OrganizationId id, string path, CancellationToken ct) =>
        session.HoldingAsync(id, path, "inbound numbers", "inbound_numbers", "tenant_id is not null", today: null, ct);
}
