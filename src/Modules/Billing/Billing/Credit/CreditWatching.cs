using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Credit;

/// <summary>Below which balance of an account somebody is told. Whether he has been is kept beside it, by the ledger's watch.</summary>
internal sealed class CreditThreshold : IVersioned, IOwned
{
    public Guid Id { get; private init; }
    public Guid AccountId { get; private init; }
    public OrganizationId OwnerId { get; private init; }
    public required string OwnerPath { get; init; }
    public required string Unit { get; init; }
    public decimal Amount { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    public static CreditThreshold Of(Guid account, OrganizationRef owner, string unit, decimal amount, DateTimeOffset now) => new()
    {
        Id = Kernel.Id.NewGuid(now),
        AccountId = account,
        OwnerId = owner.Id,
        OwnerPath = owner.Path,
        Unit = unit,
        Amount = amount,
        CreatedAt = now,
        Version = 1,
    };

    public void Change(decimal amount) => Amount = amount;

    public sealed class Mapping
        : IEntityTypeConfiguration<CreditThreshold>, IEntityTypeConfiguration<CreditAlert>, IEntityTypeConfiguration<TopUpRule>
    {
        public void Configure(EntityTypeBuilder<CreditThreshold> builder) => builder.ToTable("credit_thresholds").HasKey(x => x.Id);

        public void Configure(EntityTypeBuilder<CreditAlert> builder) => builder.ToTable("credit_alerts").HasKey(x => x.Id);

        public void Configure(EntityTypeBuilder<TopUpRule> builder) => builder.ToTable("top_up_rules").HasKey(x => x.Id);
    }
}

/// <summary>That a balance fell below its threshold. It stays where the account stood then, also when the threshold is gone.</summary>
internal sealed class CreditAlert : IOwned
{
    public Guid Id { get; private init; }
    public OrganizationId OwnerId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public string Unit { get; private init; } = "";
    public decimal Threshold { get; private init; }
    public decimal Balance { get; private init; }
    public DateTimeOffset FiredAt { get; private init; }
}

/// <summary>What is added to an account whose balance is below something, and how often at most.</summary>
internal sealed class TopUpRule : IVersioned, IOwned
{
    public const int MostTimes = 1_000;

    public Guid Id { get; private init; }
    public Guid AccountId { get; private init; }
    public OrganizationId OwnerId { get; private init; }
    public required string OwnerPath { get; init; }
    public required string Unit { get; init; }
    public decimal Below { get; private set; }
    public decimal Amount { get; private set; }
    public int TimesPerMonth { get; private set; }
    public decimal? AmountPerMonth { get; private set; }
    public int? ExpiryMonths { get; private set; }
    public bool Active { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    public static TopUpRule Of(Guid account, OrganizationRef owner, string unit, DateTimeOffset now) => new()
    {
        Id = Kernel.Id.NewGuid(now),
        AccountId = account,
        OwnerId = owner.Id,
        OwnerPath = owner.Path,
        Unit = unit,
        CreatedAt = now,
        Version = 1,
    };

    public void Change(decimal below, decimal amount, int times, decimal? most, int? months, bool active) =>
        (Below, Amount, TimesPerMonth, AmountPerMonth, ExpiryMonths, Active) = (below, amount, times, most, months, active);

    /// <summary>Whether one more is within the month's bounds.</summary>
    /// <param name="times">How many there were in it.</param>
    /// <param name="amount">What they came to.</param>
    public bool Allows(int times, decimal amount) => times < TimesPerMonth && !(amount + Amount > AmountPerMonth);
}
