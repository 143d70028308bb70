using Licensing.Billing.Contracts;
using Licensing.Commissions.Contracts;
using Licensing.Commissions.Data;
using Licensing.Commissions.Payouts;
using Licensing.Commissions.Rates;
using Licensing.Commissions.Schemes;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Commissions.Statements;

/// <summary>
/// What one organisation earned in a closed month, and what later news of other months brought. Written once; a trigger holds that.
/// </summary>
internal sealed class Statement : IOwned
{
    public StatementId Id { get; init; }
    public OrganizationId OrganizationId { get; init; }
    public required string OwnerPath { get; init; }
    public OrganizationKind Kind { get; init; }
    public required string ExternalId { get; init; }
    public required string Name { get; init; }
    public DateOnly PeriodStart { get; init; }
    public DateOnly PeriodEnd { get; init; }
    public Currency Currency { get; init; }
    public decimal Basis { get; init; }
    public decimal Gross { get; init; }

    /// <summary>Commissions of its partners, taken off.</summary>
    public decimal Overridden { get; init; }

    public decimal Commission { get; init; }

    /// <summary>What has changed in months that were closed before.</summary>
    public decimal Adjusted { get; init; }

    /// <summary>What the statement before did not pay out.</summary>
    public decimal CarriedIn { get; init; }

    public decimal Payable { get; init; }
    public decimal CarriedOut { get; init; }

    /// <summary>From when on it is paid out; null: all of it is carried on.</summary>
    public DateOnly? DueOn { get; init; }

    public required AppliedScheme Scheme { get; init; }

    /// <summary>What was earned by rates of plans and products; the rest of the basis by the tiers.</summary>
    public IReadOnlyList<RatedBasis> Rated { get; init; } = [];

    /// <summary>The end of what it carried on; null where that is taken over by the next one, or is still to be.</summary>
    public Settlement? Settlement { get; init; }

    public int LineCount { get; init; }

    /// <summary>The number of the closing that wrote it.</summary>
    public int Closing { get; init; }

    public DateTimeOffset ClosedAt { get; init; }

    /// <param name="place">Among those of the closing.</param>
    public static Statement Of(DueStatement due, int place, Period period, int closing, DateTimeOffset now) => new()
    {
        Id = new StatementId(NamedId.Of(now, place, due.Organization.Id.Value, $"statement {period.Start:yyyy-MM}")),
        OrganizationId = due.Organization.Id,
        OwnerPath = due.Organization.Path,
        Kind = due.Organization.Kind,
        ExternalId = due.Organization.ExternalId,
        Name = due.Organization.DisplayName,
        PeriodStart = period.Start,
        PeriodEnd = period.End,
        Currency = due.Organization.Currency,
        Basis = due.Own?.Basis.Amount ?? 0m,
        Gross = due.Own?.Gross.Amount ?? 0m,
        Overridden = due.Own?.Overridden.Amount ?? 0m,
        Commission = due.Commission,
        Adjusted = due.Adjusted,
        CarriedIn = due.CarriedIn,
        Payable = due.Payable,
        CarriedOut = due.Payout.DueOn is null ? due.Payable : 0m,
        DueOn = due.Payout.DueOn,
        Scheme = due.Scheme,
        Rated = due.Own?.Rated ?? [],
        LineCount = (due.Own?.Lines.Count ?? 0) + due.Adjustments.Sum(x => x.Lines.Count),
        Closing = closing,
        ClosedAt = now,
    };

    internal sealed class Table : IEntityTypeConfiguration<Statement>
    {
        public void Configure(EntityTypeBuilder<Statement> builder)
        {
            builder.ToTable("statements").HasKey(x => x.Id);
            builder.Property(x => x.Scheme).IsJson();
            builder.Property(x => x.Rated).IsJson();
            builder.HasOne(x => x.Settlement).WithOne().HasForeignKey<Settlement>(x => x.StatementId);
        }
    }
}

/// <summary>A month whose statements are frozen.</summary>
internal sealed class Closing
{
    public DateOnly PeriodStart { get; init; }
    public DateOnly PeriodEnd { get; init; }
    public int Statements { get; init; }

    /// <summary>The number of the closing in the order of closings, from 1; months are closed in any order.</summary>
    public int Number { get; init; }

    /// <summary>False of closings that did not look for what had changed in months before.</summary>
    public bool Settled { get; init; } = true;

    /// <summary>False of closings from before there were books, until what they left owed is in them.</summary>
    public bool Posted { get; init; }

    public DateTimeOffset ClosedAt { get; init; }

    /// <summary>Of which instants credit notes were counted; null of closings that did not say.</summary>
    public DateTimeOffset? CountedFrom { get; init; }

    /// <inheritdoc cref="CountedFrom"/>
    public DateTimeOffset? CountedUntil { get; init; }

    internal sealed class Table : IEntityTypeConfiguration<Closing>
    {
        public void Configure(EntityTypeBuilder<Closing> builder)
        {
            builder.ToTable("closings").HasKey(x => x.PeriodStart);
        }
    }
}

/// <summary>What has changed in one closed month.</summary>
internal sealed class Adjustment
{
    public StatementId StatementId { get; init; }
    public DateOnly Month { get; init; }
    public decimal Basis { get; init; }
    public decimal Gross { get; init; }
    public decimal Overridden { get; init; }
    public decimal Commission { get; init; }

    internal sealed class Table : IEntityTypeConfiguration<Adjustment>
    {
        public void Configure(EntityTypeBuilder<Adjustment> builder) =>
            builder.ToTable("adjustments").HasKey(x => new { x.StatementId, x.Month });
    }
}

/// <summary>
/// One document in a statement. The nets of the lines of a month add up to its basis, or to what its basis has changed by, their commissions to
/// the gross.
/// </summary>
internal sealed class StatementLine
{
    public StatementId StatementId { get; init; }

    /// <summary>From 1.</summary>
    public int Position { get; init; }

    /// <summary>First and last position of the block that it is kept in; who wants a part of a statement asks for the blocks that have it.</summary>
    public int BlockStart { get; init; }

    /// <inheritdoc cref="BlockStart"/>
    public int BlockEnd { get; init; }

    /// <summary>In which the document counts: that of the statement, or a closed one.</summary>
    public DateOnly Month { get; init; }

    public Guid DocumentId { get; init; }
    public InvoiceId InvoiceId { get; init; }

    /// <summary>Whether what a former statement counted is taken back, since the invoice is void.</summary>
    public bool Reverses { get; init; }

    public required string Number { get; init; }
    public OrganizationId TenantId { get; init; }
    public decimal Invoiced { get; init; }
    public Currency Currency { get; init; }
    public decimal Rate { get; init; }
    public decimal Net { get; init; }
    public decimal Commission { get; init; }
    public IReadOnlyList<EarnedPart> Parts { get; init; } = [];

    internal sealed class Table : IEntityTypeConfiguration<StatementLine>
    {
        public void Configure(EntityTypeBuilder<StatementLine> builder)
        {
            builder.ToView("lines").HasKey(x => new { x.StatementId, x.Position });
            builder.Property(x => x.Parts).IsJson();
        }
    }
}
