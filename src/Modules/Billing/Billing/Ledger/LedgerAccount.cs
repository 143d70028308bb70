using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Ledger;

/// <summary>What an account counts. Only <see cref="Prepaid"/> is something to spend; the others say where that came from and went to.</summary>
internal enum AccountKind { Prepaid, Funded, Spent, Lapsed, Transferred }

/// <summary>One owner's account of one kind in one currency or credit unit. It moves in the tree with its tenant.</summary>
internal sealed class LedgerAccount : IOwned
{
    public Guid Id { get; private init; }
    public OrganizationId OwnerId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public AccountKind Kind { get; private init; }
    public string Unit { get; private init; } = "";
    public DateTimeOffset CreatedAt { get; private init; }

    public static LedgerAccount Of(Guid id, OrganizationId owner, string path, AccountKind kind, string unit, DateTimeOffset createdAt) =>
        new() { Id = id, OwnerId = owner, OwnerPath = path, Kind = kind, Unit = unit, CreatedAt = createdAt };

    public sealed class Mapping : IEntityTypeConfiguration<LedgerAccount>
    {
        public void Configure(EntityTypeBuilder<LedgerAccount> builder) => builder.ToTable("ledger_accounts").HasKey(x => x.Id);
    }
}
