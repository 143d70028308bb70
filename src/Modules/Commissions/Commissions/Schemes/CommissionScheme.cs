using Licensing.Commissions.Rates;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Commissions.Schemes;

internal readonly record struct SchemeId(Guid Value) : IId<SchemeId>;

/// <summary>What of a commission an organisation keeps.</summary>
internal enum CommissionBasis
{
    /// <summary>All of it.</summary>
    Own,

    /// <summary>What is left after the commissions of its partners.</summary>
    Override,
}

/// <summary>How an organisation earns, from a month on. Never changed: a new month gets a new scheme.</summary>
internal sealed class CommissionScheme : IOwned, IVersioned
{
    public SchemeId Id { get; init; }
    public OrganizationId OrganizationId { get; init; }
    public required string OwnerPath { get; init; }
    public CommissionMode Mode { get; init; }
    public CommissionBasis Basis { get; init; }
    public required IReadOnlyList<CommissionTier> Tiers { get; init; }

    /// <summary>Percentages of plans and products that have one of their own; what falls under none is for the tiers.</summary>
    public IReadOnlyList<CommissionRate> Rates { get; init; } = [];

    /// <summary>Days after the month's end until what is earned in it is due.</summary>
    public int HoldingDays { get; init; }

    /// <summary>Less than that is not paid out but carried on; null: everything above zero is.</summary>
    public decimal? MinimumPayout { get; init; }

    public Currency? MinimumPayoutCurrency { get; init; }

    /// <summary>The first day of a month.</summary>
    public DateOnly ValidFrom { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
    public int Version { get; init; } = 1;

    public Money? Minimum => MinimumPayout is { } amount ? new Money(amount, MinimumPayoutCurrency!.Value) : null;

    internal sealed class Table : IEntityTypeConfiguration<CommissionScheme>
    {
        public void Configure(EntityTypeBuilder<CommissionScheme> builder)
        {
            builder.ToTable("schemes").HasKey(x => x.Id);
            builder.Property(x => x.Tiers).IsJson();
            builder.Property(x => x.Rates).IsJson();
            builder.Ignore(x => x.Minimum);
        }
    }
}

/// <summary>A scheme as it travels; <c>validFrom</c> is a month.</summary>
internal sealed record SchemeView(
    SchemeId Id, OrganizationId OrganizationId, CommissionMode Mode, CommissionBasis Basis, IReadOnlyList<CommissionTier> Tiers,
    IReadOnlyList<CommissionRate> Rates, int HoldingDays, Money? MinimumPayout, string ValidFrom, DateTimeOffset CreatedAt,
    [property: System.Text.Json.Serialization.JsonIgnore] int Version) : IVersioned
{
    public static SchemeView Of(CommissionScheme x) =>
        new(x.Id, x.OrganizationId, x.Mode, x.Basis, x.Tiers, x.Rates, x.HoldingDays, x.Minimum, x.ValidFrom.ToString("yyyy-MM"), x.CreatedAt,
            x.Version);
}
