using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Ledger;

internal enum TransactionKind { TopUp, Spending, GivingBack, Lapse, TransferOut, TransferIn }

/// <summary>
/// One money action, done once (owner, kind and key are unique). Its entries add up to nothing in each unit, as the database sees to.
/// </summary>
internal sealed class LedgerTransaction : IOwned
{
    public Guid Id { get; private init; }
    public OrganizationId OwnerId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public TransactionKind Kind { get; private init; }
    public string Key { get; private init; } = "";
    public string Reference { get; private init; } = "";
    public string? Description { get; private init; }
    public int Entries { get; private init; }
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>The other side of a transfer, and null of everything else.</summary>
    public Guid? CounterpartId { get; private init; }

    /// <summary>What leaves one owner and comes to another: each has a transaction of his own, balanced by itself.</summary>
    public static (LedgerTransaction Out, LedgerTransaction In) Transfer(
        LedgerAccount from, LedgerAccount to, string key, string? description, int entries, DateTimeOffset now)
    {
        var (@out, @in) = (Licensing.Kernel.Id.NewGuid(now), Licensing.Kernel.Id.NewGuid(now));
        return (Side(from, TransactionKind.TransferOut, @out, @in, key), Side(to, TransactionKind.TransferIn, @in, @out, @out.ToString()));

        // Once for whoever gives; whoever gets may be given by several under one reference.
        LedgerTransaction Side(LedgerAccount owner, TransactionKind kind, Guid id, Guid other, string once) => new()
        {
            Id = id,
            OwnerId = owner.OwnerId,
            OwnerPath = owner.OwnerPath,
            Kind = kind,
            Key = once,
            Reference = key,
            Description = description,
            Entries = entries,
            CreatedAt = now,
            CounterpartId = other,
        };
    }

    public static LedgerTransaction Of(
        LedgerAccount owner, TransactionKind kind, string key, string reference, int entries, DateTimeOffset now,
        string? description = null) => new()
        {
            Id = Licensing.Kernel.Id.NewGuid(now),
            OwnerId = owner.OwnerId,
            OwnerPath = owner.OwnerPath,
            Kind = kind,
            Key = key,
            Reference = reference,
            Description = description,
            Entries = entries,
            CreatedAt = now,
        };

    /// <summary>A spending as it was read.</summary>
    public static LedgerTransaction Of(
        Guid id, OrganizationId owner, string path, string key, string reference, int entries, DateTimeOffset createdAt, string? description) => new()
        {
            Id = id,
            OwnerId = owner,
            OwnerPath = path,
            Kind = TransactionKind.Spending,
            Key = key,
            Reference = reference,
            Description = description,
            Entries = entries,
            CreatedAt = createdAt,
        };
}

/// <summary>One side of a transaction: what it adds to one account. Written by <see cref="LedgerWriter"/> alone.</summary>
internal sealed class LedgerEntry
{
    public Guid TransactionId { get; private init; }
    public int Position { get; private init; }
    public Guid AccountId { get; private init; }
    public string Unit { get; private init; } = "";

    /// <summary>Which credit; exactly those of prepaid accounts have one.</summary>
    public Guid? LotId { get; private init; }
    public decimal Amount { get; private init; }

    public sealed class Mapping : IEntityTypeConfiguration<LedgerEntry>, IEntityTypeConfiguration<LedgerTransaction>
    {
        public void Configure(EntityTypeBuilder<LedgerTransaction> builder) => builder.ToTable("ledger_transactions").HasKey(x => x.Id);

        public void Configure(EntityTypeBuilder<LedgerEntry> builder) =>
            builder.ToTable("ledger_entries").HasKey(x => new { x.TransactionId, x.Position });
    }
}

/// <summary>What is to be added to an account.</summary>
/// <param name="Account">Which.</param>
/// <param name="Amount">Negative takes away.</param>
/// <param name="Lot">Which credit, for prepaid accounts.</param>
internal sealed record Posting(LedgerAccount Account, decimal Amount, Guid? Lot = null);
