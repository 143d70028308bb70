using Licensing.Billing.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Invoices;

internal enum InvoiceStatus { Draft, Issued, Paid, Void }

/// <summary>Late: only adjustments, of months in which the tenant stood elsewhere; it belongs to whom they belonged to.</summary>
internal enum InvoiceKind { Regular, Late }

/// <summary>The tax of one category and rate on an invoice: the rate on the sum of the line nets, rounded once.</summary>
internal sealed record InvoiceTax(string Category, decimal Percent, decimal Net, decimal Tax)
{
    /// <summary>Why nothing is taxed, as a code of the list VATEX and in words, where a rate said so.</summary>
    public string? ReasonCode { get; init; }
    public string? Reason { get; init; }
}

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

    /// <summary>What it says of seller, buyer and terms since it was issued; null of a draft.</summary>
    public InvoiceDocument? Document { get; init; }

    public decimal Paid { get; init; }
    public decimal Credited { get; init; }
    public string? Number { get; init; }
    public DateTimeOffset? IssuedAt { get; init; }

    /// <summary>Unknown of what was withdrawn before it was kept.</summary>
    public DateTimeOffset? VoidedAt { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public int Version { get; init; }

    /// <summary>The round of its month's run that wrote it, by whose rates it is; unknown of before it was kept.</summary>
    public int? Round { get; init; }

    /// <summary>What is still to be paid; below zero, what is to be paid back.</summary>
    public Money Open => new(Status is InvoiceStatus.Void ? 0 : Total - Credited - Paid, Currency);

    /// <summary>Whether it counts: no draft any more, and not withdrawn.</summary>
    public bool IsIssued => Status is InvoiceStatus.Issued or InvoiceStatus.Paid;

    /// <summary>Whether <paramref name="amount"/> may be recorded as paid, or paid back: never more than is open, and never the other way.</summary>
    public Result<Done> MayBePaid(Money amount) => IsIssued ? IsOpen(amount) : InvoiceRefusals.NotIssued;

    /// <summary>What may be paid of it from credit: <paramref name="amount"/>, or all that is open; never what is to be paid back.</summary>
    public Result<Money> MayBePaidFromCredit(Money? amount)
    {
        if (!IsIssued)
            return InvoiceRefusals.NotIssued;
        if (Open.Amount <= 0)
            return InvoiceRefusals.NothingOpen;
        var due = amount ?? Open;
        return IsOpen(due).Refused(out var refusal, out _) ? refusal : due;
    }

    private Result<Done> IsOpen(Money amount)
    {
        if (amount.Currency != Currency)
            return InvoiceRefusals.OtherCurrency(Currency);
        return Math.Sign(amount.Amount) == Math.Sign(Open.Amount) && Math.Abs(amount.Amount) <= Math.Abs(Open.Amount)
            ? default(Done)
            : InvoiceRefusals.MoreThanOpen(Open);
    }

    /// <summary>Whether it may be withdrawn. Who has paid anything of it gets a credit note instead, since his payment is of this number.</summary>
    public Result<Done> MayBeVoided() => Status switch
    {
        InvoiceStatus.Void => InvoiceRefusals.VoidAlready,
        InvoiceStatus.Paid => InvoiceRefusals.PaidAlready,
        _ => Paid != 0 ? InvoiceRefusals.PaidAlready : default(Done),
    };

    internal sealed class Table : IEntityTypeConfiguration<Invoice>
    {
        public void Configure(EntityTypeBuilder<Invoice> builder)
        {
            builder.ToTable("invoices").HasKey(x => x.Id);
            builder.Property(x => x.Taxes).IsJson();
            builder.Property(x => x.Document).IsJson();
            builder.Ignore(x => x.Open);
            builder.Ignore(x => x.IsIssued);
        }
    }
}
