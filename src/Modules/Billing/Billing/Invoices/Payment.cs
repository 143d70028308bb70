using Licensing.Billing.Contracts;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Invoices;

/// <summary>Money that came for an invoice; a negative one went back. Never changed: what was none is reversed by another.</summary>
internal sealed class Payment : IOwned
{
    public Guid Id { get; init; }
    public OrganizationId TenantId { get; init; }
    public required string OwnerPath { get; init; }
    public OrganizationId SellerId { get; init; }
    public InvoiceId InvoiceId { get; init; }

    /// <summary>1, 2, … within the invoice, given by the database.</summary>
    public int Number { get; init; }

    public required string Reference { get; init; }
    public decimal Amount { get; init; }
    public Currency Currency { get; init; }
    public DateOnly PaidOn { get; init; }
    public required string Method { get; init; }
    public bool FromCredit { get; init; }

    /// <summary>The payment that this one takes back; null of all others.</summary>
    public Guid? Reverses { get; init; }

    /// <summary>Why it takes that one back, for people; null of all others.</summary>
    public string? Reason { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>What it is in the ledger, where it was taken from prepaid credit.</summary>
    public static string CreditKeyOf(InvoiceId invoice, string reference) => $"invoice:{invoice.Value}:{reference}";

    internal sealed class Table : IEntityTypeConfiguration<Payment>
    {
        public void Configure(EntityTypeBuilder<Payment> builder) => builder.ToTable("payments").HasKey(x => x.Id);
    }
}

/// <summary>A payment as it travels.</summary>
/// <param name="FromCredit">Taken from the partner's prepaid credit.</param>
/// <param name="Reverses">The payment that it takes back.</param>
/// <param name="Reason">Why it does.</param>
/// <param name="Reversal">By what it was taken back itself; null while it stands.</param>
internal sealed record PaymentView(
    Guid Id, InvoiceId InvoiceId, int Number, string Reference, Money Amount, DateOnly PaidOn, string Method, bool FromCredit, Guid? Reverses,
    string? Reason, PaymentReversalView? Reversal, DateTimeOffset RecordedAt)
{
    public static PaymentView Of(Payment x, Payment? reversal = null) => new(
        x.Id, x.InvoiceId, x.Number, x.Reference, new Money(x.Amount, x.Currency), x.PaidOn, x.Method, x.FromCredit, x.Reverses, x.Reason,
        reversal is null ? null : new(reversal.Id, reversal.Reason!, reversal.CreatedAt), x.CreatedAt);
}

/// <summary>The payment of the other sign that took one back.</summary>
internal sealed record PaymentReversalView(Guid Id, string Reason, DateTimeOffset RecordedAt);
