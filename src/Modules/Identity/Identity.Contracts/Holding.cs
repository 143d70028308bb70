namespace Licensing.Identity.Contracts;

/// <summary>What a module has alive at an organisation.</summary>
/// <param name="What">In the plural, for the message: <c>subscriptions</c>.</param>
/// <param name="Count">How many, at least one.</param>
public sealed record Holding(string What, int Count);

/// <summary>
/// A module that keeps something alive at organisations (ADR 0013). Asked in the transaction that closes one, after its row is locked;
/// so whoever makes such a thing calls <see cref="IOrganizationDirectory.HoldAsync"/> first, and either is seen here or finds it closed.
/// </summary>
public interface IHoldsOrganization
{
    /// <summary>What lives at the organisation or below it, or null. Changes nothing.</summary>
    /// <param name="id">The organisation to be closed.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="ct">Gives up.</param>
    Task<Holding?> HeldAsync(OrganizationId id, string path, CancellationToken ct);
}
