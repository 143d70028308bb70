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

/// <summary>Takes back an invoice or a part of it; immutable.</summary>
public readonly record struct CreditNoteId(Guid Value) : IId<CreditNoteId>;

/// <summary>A part of an issued invoice, or all that was left of it, has been taken back.</summary>
/// <param name="Id">The credit note.</param>
/// <param name="Number">Gapless per issuer and year, in a series of its own.</param>
/// <param name="InvoiceId">Of which invoice.</param>
/// <param name="InvoiceNumber">Its number.</param>
/// <param name="TenantId">Whose.</param>
/// <param name="OwnerPath">The tenant's path when the invoice was made; what was earned by it was earned along this path.</param>
/// <param name="Period">What the invoice is for.</param>
/// <param name="Net">What is taken back, without tax: of the sign of the invoice's lines, so positive as a rule.</param>
/// <param name="Voids">Whether the invoice is void with it: then <see cref="IInvoicedAmounts"/> tells of neither.</param>
/// <param name="IssuedAt">When. It counts in this period, not in that of the invoice.</param>
[Message("billing.credit-note-issued.v1")]
public sealed record CreditNoteIssued(
    CreditNoteId Id, string Number, InvoiceId InvoiceId, string InvoiceNumber, OrganizationId TenantId, string OwnerPath, Period Period, Money Net,
    bool Voids, DateTimeOffset IssuedAt);

/// <summary>The net of an issued document: an invoice, or a credit note that takes back a part of one. What commissions are on.</summary>
/// <param name="InvoiceId">The invoice, or that of the credit note.</param>
/// <param name="Number">The document's own number.</param>
/// <param name="TenantId">Who owes it.</param>
/// <param name="OwnerPath">The tenant's path when the invoice was made.</param>
/// <param name="Net">Sum of its lines, without tax; below zero where a credit note takes back.</param>
public sealed record InvoicedNet(InvoiceId InvoiceId, string Number, OrganizationId TenantId, string OwnerPath, Money Net)
{
    /// <summary>The credit note; null of an invoice.</summary>
    public CreditNoteId? CreditNoteId { get; init; }

    /// <summary>What the invoice is for; of a credit note, too, which may count in a later month.</summary>
    public required Period InvoicePeriod { get; init; }

    /// <summary>The document's id, whichever it is.</summary>
    public Guid DocumentId => CreditNoteId?.Value ?? InvoiceId.Value;
}

/// <summary>What of a document's net was charged by one plan.</summary>
/// <param name="DocumentId">The invoice's or the credit note's.</param>
/// <param name="Plan">The plan's key; null of lines from before they knew it.</param>
/// <param name="Product">Key of the product that the plan sells; null where there is no plan.</param>
/// <param name="Net">In the document's currency; below zero where a credit note takes back.</param>
public sealed record InvoicedPart(Guid DocumentId, string? Plan, string? Product, decimal Net);

/// <summary>
/// Reads issued amounts for commissions. An invoice counts in its period, a credit note in the month of its issue. What is void has never been: the
/// invoice, what was taken back of it before, and what took back the rest.
/// </summary>
public interface IInvoicedAmounts
{
    /// <summary>The documents of the month <paramref name="period"/> under <paramref name="scope"/>, ordered by owner path.</summary>
    Task<IReadOnlyList<InvoicedNet>> OfPeriodAsync(Period period, Scope scope, CancellationToken ct);

    /// <summary>
    /// Documents that were told before, by the plans that their lines are charged by; the parts of each add up to its net. Reads every line, so it
    /// is for who needs it. Checks no scope: that was done for the documents.
    /// </summary>
    Task<IReadOnlyList<InvoicedPart>> PartsAsync(IReadOnlyCollection<InvoicedNet> documents, CancellationToken ct);

    /// <summary>
    /// The months before <paramref name="before"/> whose documents under <paramref name="scope"/> have become more or fewer since then, in order.
    /// </summary>
    /// <param name="since">Null: all months that have documents.</param>
    Task<IReadOnlyList<Period>> ChangedMonthsAsync(DateTimeOffset? since, DateOnly before, Scope scope, CancellationToken ct);

    /// <summary>
    /// The months before <paramref name="before"/> in which there are documents under <paramref name="scope"/>, in order, but for
    /// <paramref name="known"/>. Looks once into each of the others, however many documents it has.
    /// </summary>
    /// <param name="known">First days of months that are not asked for.</param>
    Task<IReadOnlyList<Period>> MonthsAsync(DateOnly before, IReadOnlySet<DateOnly> known, Scope scope, CancellationToken ct);
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
