using Licensing.Billing.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Invoices;

/// <summary>Takes back a part of an issued invoice, or all that was left of it. Written whole and never changed.</summary>
internal sealed class CreditNote : IOwned
{
    public CreditNoteId Id { get; init; }
    public OrganizationId TenantId { get; init; }
    public required string OwnerPath { get; init; }
    public OrganizationId SellerId { get; init; }
    public InvoiceId InvoiceId { get; init; }
    public required string Number { get; init; }
    public DateTimeOffset IssuedAt { get; init; }
    public required string Reason { get; init; }

    /// <summary>Whether the invoice is void with it.</summary>
    public bool Voids { get; init; }

    public DateOnly PeriodStart { get; init; }
    public DateOnly PeriodEnd { get; init; }
    public Currency Currency { get; init; }
    public decimal Net { get; init; }
    public decimal Tax { get; init; }
    public decimal Total { get; init; }
    public int LineCount { get; init; }
    public required IReadOnlyList<InvoiceTax> Taxes { get; init; }
    public required InvoiceDocument Document { get; init; }

    internal sealed class Table : IEntityTypeConfiguration<CreditNote>
    {
        public void Configure(EntityTypeBuilder<CreditNote> builder)
        {
            builder.ToTable("credit_notes").HasKey(x => x.Id);
            builder.Property(x => x.Taxes).IsJson();
            builder.Property(x => x.Document).IsJson();
        }
    }
}

/// <summary>What is taken back of one invoice line; of the sign of that line.</summary>
internal sealed class CreditNoteLine
{
    public CreditNoteId CreditNoteId { get; init; }
    public OrganizationId TenantId { get; init; }
    public int Position { get; init; }
    public InvoiceId InvoiceId { get; init; }
    public int InvoicePosition { get; init; }
    public required string Description { get; init; }
    public Currency Currency { get; init; }
    public decimal Net { get; init; }
    public decimal Tax { get; init; }
    public string? TaxCategory { get; init; }
    public decimal? TaxPercent { get; init; }

    internal sealed class Table : IEntityTypeConfiguration<CreditNoteLine>
    {
        public void Configure(EntityTypeBuilder<CreditNoteLine> builder) =>
            builder.ToTable("credit_note_lines").HasKey(x => new { x.CreditNoteId, x.TenantId, x.Position });
    }
}

internal sealed record CreditNoteLineView(
    int Position, int InvoicePosition, string Description, Money Net, Money Tax, string? TaxCategory, decimal? TaxPercent)
{
    public static CreditNoteLineView Of(CreditNoteLine x) => new(
        x.Position, x.InvoicePosition, x.Description, new Money(x.Net, x.Currency), new Money(x.Tax, x.Currency), x.TaxCategory, x.TaxPercent);
}

/// <summary>A credit note without its lines.</summary>
internal sealed record CreditNoteView(
    CreditNoteId Id, string Number, InvoiceId InvoiceId, OrganizationId TenantId, OrganizationId SellerId, Period Period, Money Net, Money Tax,
    Money Total, IReadOnlyList<InvoiceTaxView> Taxes, int LineCount, string Reason, bool Voids, DateTimeOffset IssuedAt)
{
    public static CreditNoteView Of(CreditNote x) => new(
        x.Id, x.Number, x.InvoiceId, x.TenantId, x.SellerId, new Period(x.PeriodStart, x.PeriodEnd), new Money(x.Net, x.Currency),
        new Money(x.Tax, x.Currency), new Money(x.Total, x.Currency),
        [.. x.Taxes.Select(tax => InvoiceTaxView.Of(tax, x.Currency))],
        x.LineCount, x.Reason, x.Voids, x.IssuedAt);
}
