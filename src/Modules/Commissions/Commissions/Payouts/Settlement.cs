using Licensing.Commissions.Contracts;
using Licensing.Commissions.Statements;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Commissions.Payouts;

/// <summary>The end of what a statement carried on: none after it takes it over. Written once (ADR 0075).</summary>
internal sealed class Settlement : IOwned
{
    public StatementId StatementId { get; init; }
    public OrganizationId OrganizationId { get; init; }
    public required string OwnerPath { get; init; }

    /// <summary>Above zero what is paid out, below what is written off.</summary>
    public decimal Amount { get; init; }

    public Currency Currency { get; init; }
    public required string Reason { get; init; }
    public DateTimeOffset SettledAt { get; init; }

    public static Settlement Of(Statement statement, string reason, DateTimeOffset now) => new()
    {
        StatementId = statement.Id,
        OrganizationId = statement.OrganizationId,
        OwnerPath = statement.OwnerPath,
        Amount = statement.CarriedOut,
        Currency = statement.Currency,
        Reason = reason,
        SettledAt = now,
    };

    internal sealed class Table : IEntityTypeConfiguration<Settlement>
    {
        public void Configure(EntityTypeBuilder<Settlement> builder) => builder.ToTable("settlements").HasKey(x => x.StatementId);
    }
}

/// <param name="Amount">Above zero what is paid out, below what is written off.</param>
internal sealed record SettlementView(StatementId StatementId, OrganizationId OrganizationId, Money Amount, string Reason, DateTimeOffset SettledAt)
{
    public static SettlementView Of(Settlement x) =>
        new(x.StatementId, x.OrganizationId, new Money(x.Amount, x.Currency), x.Reason, x.SettledAt);
}
