using Licensing.Billing.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Invoices;

internal enum InvoiceStatus { Draft, Issued, Paid, Void }

internal enum InvoiceKind { Regular }

/// <summary>The tax of one category on an invoice: its rate on the sum of the line nets, rounded once.</summary>
internal sealed record InvoiceTax(string Category, decimal Percent, decimal Net, decimal Tax);

/// <summary>
/// What one tenant owes for one period. Written whole, with its lines, by the billing run; from its number on it never changes
/// (a trigger holds that).
/// </summary>
internal sealed class Invoice : IOwned, IVersioned
{
    public InvoiceId Id { get; init; }
    public OrganizationId TenantId { get; init; }
    public required string OwnerPath { get; init; }
    public OrganizationId SellerId { get; init; }
    public DateOnly PeriodStart { get; init; }
    public DateOnly PeriodEnd { get; init; }
    public InvoiceKind Kind { get; init; }
    public Currency Currency { get; init; }
    public decimal Net { get; init; }
    public decimal Tax { get; init; }
    public decimal Total { get; init; }

    /// <summary>Sum of the unrounded usage lines; usage counts no days, so it always ends as a decimal.</summary>
    public required string UsageExact { get; init; }

    public int LineCount { get; init; }
    public required IReadOnlyList<InvoiceTax> Taxes { get; init; }
    public InvoiceStatus Status { get; init; }
    public string? Number { get; init; }
    public DateTimeOffset? IssuedAt { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public int Version { get; init; }

    internal sealed class Table : IEntityTypeConfiguration<Invoice>
    {
        public void Configure(EntityTypeBuilder<Invoice> builder)
        {
            builder.ToTable("invoices").HasKey(x => x.Id);
            builder.Property(x => x.Taxes).IsJson();
        }
    }
}
