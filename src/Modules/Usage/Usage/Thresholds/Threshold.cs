using System.Text.Json.Serialization;
using FluentValidation;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Usage.Thresholds;

internal enum ThresholdBasis
{
    /// <summary>Levels are percent of what each subscription was agreed to use in a month.</summary>
    [JsonStringEnumMemberName("quota")]
    Quota,
    /// <summary>Levels are quantities.</summary>
    [JsonStringEnumMemberName("quantity")]
    Quantity,
}

/// <summary>
/// Whose usage of which meter is watched, and at which levels. Without a subscription it is the tenant's: its quantity in all, or each of its
/// subscriptions against the quota of its own.
/// </summary>
internal sealed class Threshold : IVersioned, IOwned
{
    public const int MostLevels = 10;

    public ThresholdId Id { get; private init; }
    public OrganizationId TenantId { get; private init; }
    public required string OwnerPath { get; init; }
    public SubscriptionId? SubscriptionId { get; private init; }
    public required string Meter { get; init; }
    public ThresholdBasis Basis { get; private init; }

    /// <summary>Ascending, each once.</summary>
    public IReadOnlyList<decimal> Levels { get; private set; } = [];
    public bool Active { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    public static Threshold Of(
        OrganizationRef tenant, SubscriptionId? subscription, string meter, ThresholdBasis basis, IReadOnlyList<decimal> levels,
        DateTimeOffset now) =>
        new()
        {
            Id = Kernel.Id.New<ThresholdId>(now),
            TenantId = tenant.Id,
            OwnerPath = tenant.Path,
            SubscriptionId = subscription,
            Meter = meter,
            Basis = basis,
            Levels = [.. levels.Distinct().Order()],
            Active = true,
            CreatedAt = now,
            Version = 1,
        };

    public void Change(IReadOnlyList<decimal> levels, bool active) => (Levels, Active) = ([.. levels.Distinct().Order()], active);

    public sealed class Mapping : IEntityTypeConfiguration<Threshold>
    {
        public void Configure(EntityTypeBuilder<Threshold> builder)
        {
            builder.ToTable("thresholds").HasKey(x => x.Id);
            builder.Property(x => x.Levels).IsJson();
        }
    }
}

/// <param name="Levels">Percent of the quota, or quantities.</param>
internal sealed record ThresholdView(
    ThresholdId Id, OrganizationId TenantId, SubscriptionId? SubscriptionId, string Meter, ThresholdBasis Basis, IReadOnlyList<decimal> Levels,
    bool Active, DateTimeOffset CreatedAt, [property: JsonIgnore] int Version) : IVersioned
{
    public static ThresholdView Of(Threshold x) =>
        new(x.Id, x.TenantId, x.SubscriptionId, x.Meter, x.Basis, x.Levels, x.Active, x.CreatedAt, x.Version);
}

internal static class ThresholdRules
{
    public static IRuleBuilderOptions<T, IReadOnlyList<decimal>> Levels<T>(this IRuleBuilderInitial<T, IReadOnlyList<decimal>> rule) => rule
        .Cascade(CascadeMode.Stop).NotEmpty().Must(x => x.Count <= Threshold.MostLevels).WithErrorCode("count")
        .WithMessage($"levels has 1 to {Threshold.MostLevels} entries.")
        .Must(x => x.All(level => level > 0)).WithErrorCode("not_positive").WithMessage("Each level must be above 0.");
}
