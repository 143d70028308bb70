using Licensing.Kernel;

namespace Licensing.Identity.Contracts;

/// <summary>
/// A module that keeps something at tenants which may not go to another partner (ADR 0014). Asked when a transfer is agreed and again on
/// its day, in the transaction that moves the tenant, after its row is locked as for <see cref="IHoldsOrganization"/>.
/// </summary>
public interface IForbidsTransfer
{
    /// <summary>Why the tenant cannot be given away, or null. Changes nothing.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="on">Its first day with the new partner.</param>
    /// <param name="ct">Gives up.</param>
    Task<Refusal?> ForbiddenAsync(OrganizationId tenant, DateOnly on, CancellationToken ct);
}
