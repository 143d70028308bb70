using Licensing.Identity.Contracts;
using Licensing.Kernel;
using Licensing.Kernel.Messaging;

namespace Licensing.Commissions.Contracts;

/// <summary>What one organisation earned in one period; frozen when the period is closed.</summary>
public readonly record struct StatementId(Guid Value) : IId<StatementId>;

/// <summary>A statement is frozen; what comes later is an adjustment of the next one.</summary>
/// <param name="Id">The statement.</param>
/// <param name="OrganizationId">Who earned it.</param>
/// <param name="Period">The month.</param>
/// <param name="Commission">The amount.</param>
[Message("commissions.statement-closed.v1")]
public sealed record StatementClosed(StatementId Id, OrganizationId OrganizationId, Period Period, Money Commission);
