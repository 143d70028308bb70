using System.Linq.Expressions;
using Licensing.Billing.Contracts;
using Licensing.Commissions.Contracts;
using Licensing.Commissions.Rates;
using Licensing.Commissions.Schemes;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Commissions.Statements;

/// <summary>One invoice in a commission. The nets of a statement's lines add up to its basis, their commissions to its gross.</summary>
internal sealed record StatementLine(InvoiceId InvoiceId, string Number, OrganizationId TenantId, decimal Net, decimal Commission);

/// <summary>The scheme as it was applied; kept with the statement, whatever is agreed later.</summary>
/// <param name="Id">Null when the caller must not see whose it is.</param>
/// <param name="Inherited">Whether it is the distributor's.</param>
/// <param name="Mode">How the tiers apply.</param>
/// <param name="Basis">What is kept of the commission.</param>
/// <param name="Tiers">The percentages.</param>
internal sealed record AppliedScheme(SchemeId? Id, bool Inherited, CommissionMode Mode, CommissionBasis Basis, IReadOnlyList<CommissionTier> Tiers);

/// <summary>What one organisation earned in a closed month. Written once; a trigger holds that.</summary>
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
    public required AppliedScheme Scheme { get; init; }
    public required IReadOnlyList<StatementLine> Lines { get; init; }
    public DateTimeOffset ClosedAt { get; init; }

    public static Statement Of(EarnedCommission earned, Period period, DateTimeOffset now) => new()
    {
        Id = Licensing.Kernel.Id.New<StatementId>(now),
        OrganizationId = earned.Organization.Id,
        OwnerPath = earned.Organization.Path,
        Kind = earned.Organization.Kind,
        ExternalId = earned.Organization.ExternalId,
        Name = earned.Organization.DisplayName,
        PeriodStart = period.Start,
        PeriodEnd = period.End,
        Currency = earned.Basis.Currency,
        Basis = earned.Basis.Amount,
        Gross = earned.Gross.Amount,
        Overridden = earned.Overridden.Amount,
        Commission = earned.Commission.Amount,
        Scheme = earned.Scheme,
        Lines = earned.Lines,
        ClosedAt = now,
    };

    internal sealed class Table : IEntityTypeConfiguration<Statement>
    {
        public void Configure(EntityTypeBuilder<Statement> builder)
        {
            builder.ToTable("statements").HasKey(x => x.Id);
            builder.Property(x => x.Scheme).IsJson();
            builder.Property(x => x.Lines).IsJson();
        }
    }
}

/// <summary>A month whose statements are frozen.</summary>
internal sealed class Closing
{
    public DateOnly PeriodStart { get; init; }
    public DateOnly PeriodEnd { get; init; }
    public int Statements { get; init; }
    public DateTimeOffset ClosedAt { get; init; }

    internal sealed class Table : IEntityTypeConfiguration<Closing>
    {
        public void Configure(EntityTypeBuilder<Closing> builder)
        {
            builder.ToTable("closings").HasKey(x => x.PeriodStart);
        }
    }
}

/// <summary>A statement without its lines, which may be thousands and are not read for it.</summary>
internal sealed record StatementView(
    StatementId Id, OrganizationId OrganizationId, OrganizationKind Kind, string ExternalId, string Name, Period Period, Money Basis, Money Gross,
    Money Overridden, Money Commission, AppliedScheme Scheme, DateTimeOffset ClosedAt)
{
    public static Expression<Func<Statement, StatementView>> Projection { get; } = x => new StatementView(
        x.Id, x.OrganizationId, x.Kind, x.ExternalId, x.Name, new Period(x.PeriodStart, x.PeriodEnd), new Money(x.Basis, x.Currency),
        new Money(x.Gross, x.Currency), new Money(x.Overridden, x.Currency), new Money(x.Commission, x.Currency), x.Scheme, x.ClosedAt);
}

internal sealed record StatementLineView(InvoiceId InvoiceId, string Number, OrganizationId TenantId, Money Net, Money Commission)
{
    public static StatementLineView Of(StatementLine x, Currency currency) =>
        new(x.InvoiceId, x.Number, x.TenantId, new Money(x.Net, currency), new Money(x.Commission, currency));
}
