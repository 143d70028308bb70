using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Ledger;

/// <summary>Credit that came in at once and ends at once, or never. What is left of it follows from the entries.</summary>
internal sealed class CreditLot
{
    public Guid Id { get; private init; }
    public Guid AccountId { get; private init; }
    public DateTimeOffset? ExpiresAt { get; private init; }
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>Of which lot of another account it was a part; null of what was not transferred.</summary>
    public Guid? SourceId { get; private init; }

    /// <summary>Written by the database alone.</summary>
    public decimal Remaining { get; private init; }

    /// <summary>What can be spent at <paramref name="now"/>: what has expired is gone, whether or not it has been written off yet.</summary>
    public static Expression<Func<CreditLot, bool>> SpendableAt(DateTimeOffset now) =>
        x => x.Remaining > 0 && (x.ExpiresAt == null || x.ExpiresAt > now);

    public static CreditLot Open(Guid account, DateTimeOffset? expiresAt, DateTimeOffset now, Guid? source = null) => new()
    {
        Id = Licensing.Kernel.Id.NewGuid(now),
        AccountId = account,
        ExpiresAt = expiresAt?.ToUniversalTime(),
        CreatedAt = now,
        SourceId = source,
    };

    public sealed class Mapping : IEntityTypeConfiguration<CreditLot>
    {
        public void Configure(EntityTypeBuilder<CreditLot> builder)
        {
            builder.ToTable("credit_lots").HasKey(x => x.Id);
            builder.HasOne<LedgerAccount>().WithMany().HasForeignKey(x => x.AccountId);
            builder.Property(x => x.Remaining).ValueGeneratedOnAddOrUpdate();
        }
    }
}
