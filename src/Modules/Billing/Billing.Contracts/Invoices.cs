using Licensing.Identity.Contracts;
using Licensing.Kernel;
using Licensing.Kernel.Messaging;

namespace Licensing.Billing.Contracts;

/// <summary>A demand for payment; immutable once issued.</summary>
public readonly record struct InvoiceId(Guid Value) : IId<InvoiceId>;

/// <summary>An invoice has its number and can no longer change.</summary>
/// <param name="Id">The invoice.</param>
/// <param name="Number">Gapless per issuer and year.</param>
/// <param name="TenantId">Who owes it.</param>
/// <param name="OwnerPath">The tenant's path when it was billed; commissions go up this path.</param>
/// <param name="Period">What it is for.</param>
/// <param name="Net">Sum of its lines, without tax.</param>
/// <param name="IssuedAt">When.</param>
[Message("billing.invoice-issued.v1")]
public sealed record InvoiceIssued(
    InvoiceId Id, string Number, OrganizationId TenantId, string OwnerPath, Period Period, Money Net, DateTimeOffset IssuedAt);

/// <summary>The issued net of one tenant in one period; what commissions are on.</summary>
/// <param name="InvoiceId">The invoice.</param>
/// <param name="Number">Its number.</param>
/// <param name="TenantId">Who owes it.</param>
/// <param name="OwnerPath">The tenant's path when it was billed.</param>
/// <param name="Net">Sum of its lines, without tax.</param>
public sealed record InvoicedNet(InvoiceId InvoiceId, string Number, OrganizationId TenantId, string OwnerPath, Money Net);

/// <summary>Reads issued amounts for commissions.</summary>
public interface IInvoicedAmounts
{
    /// <summary>Issued (and paid) invoices of <paramref name="period"/> under <paramref name="scope"/>, ordered by owner path.</summary>
    Task<IReadOnlyList<InvoicedNet>> OfPeriodAsync(Period period, Scope scope, CancellationToken ct);
}

/// <summary>Says how far billing is, for those who build on finished periods.</summary>
public interface IBillingProgress
{
    /// <summary>
    /// Whether the run of <paramref name="period"/> has ended and no invoice of the period is still a draft. Until the caller's
    /// transaction ends, no other run of the period starts.
    /// </summary>
    Task<bool> IsFinishedAsync(Period period, CancellationToken ct);
}
