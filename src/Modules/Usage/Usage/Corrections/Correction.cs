using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Usage.Corrections;

internal enum CorrectionAction
{
    /// <summary>The record does not count.</summary>
    [JsonStringEnumMemberName("reverse")]
    Reverse,
    /// <summary>Another record counts in its place.</summary>
    [JsonStringEnumMemberName("replace")]
    Replace,
}

/// <summary>
/// Why a record does not count any more. The record stays; what replaces it is a record of its own, and may be corrected as any other.
/// </summary>
internal sealed class Correction : IOwned
{
    public const int LongestReason = 500;

    public Guid Id { get; private init; }
    public OrganizationId TenantId { get; private init; }

    /// <summary>The record's: where its tenant stood on its day.</summary>
    public required string OwnerPath { get; init; }
    public SubscriptionId SubscriptionId { get; private init; }
    public required string RecordId { get; init; }
    public required string Meter { get; init; }
    public DateOnly Day { get; private init; }

    /// <summary>The record's, all digits.</summary>
    public required string Quantity { get; init; }
    public CorrectionAction Action { get; private init; }
    public required string Reason { get; init; }
    public string? ReplacementId { get; private init; }
    public required string MadeBy { get; init; }
    public DateTimeOffset MadeAt { get; private init; }

    /// <param name="of">The record.</param>
    /// <param name="action">What becomes of it.</param>
    /// <param name="reason">For people.</param>
    /// <param name="by">Who says so.</param>
    /// <param name="now">When.</param>
    public static Correction Of(CorrectableRecord of, CorrectionAction action, string reason, string by, DateTimeOffset now)
    {
        var id = Kernel.Id.NewGuid(now);
        return new()
        {
            Id = id,
            TenantId = new(of.TenantId),
            OwnerPath = of.OwnerPath,
            SubscriptionId = new(of.SubscriptionId),
            RecordId = of.Id,
            Meter = of.Meter,
            Day = of.Day,
            Quantity = of.Quantity,
            Action = action,
            Reason = reason,
            // One that nobody else gives: the correction's own.
            ReplacementId = action is CorrectionAction.Replace ? id.ToString() : null,
            MadeBy = by,
            MadeAt = now,
        };
    }

    public sealed class Mapping : IEntityTypeConfiguration<Correction>
    {
        public void Configure(EntityTypeBuilder<Correction> builder) => builder.ToTable("corrections").HasKey(x => x.Id);
    }
}

/// <param name="RecordId">The record that does not count any more.</param>
/// <param name="Quantity">What it said.</param>
/// <param name="Day">Its billing day.</param>
/// <param name="ReplacementId">The record that counts in its place.</param>
internal sealed record CorrectionView(
    Guid Id, OrganizationId TenantId, SubscriptionId SubscriptionId, string RecordId, string Meter, DateOnly Day, Exact Quantity,
    CorrectionAction Action, string Reason, string? ReplacementId, string MadeBy, DateTimeOffset MadeAt)
{
    public static CorrectionView Of(Correction x) => new(
        x.Id, x.TenantId, x.SubscriptionId, x.RecordId, x.Meter, x.Day, Exact.Parse(x.Quantity), x.Action, x.Reason, x.ReplacementId, x.MadeBy,
        x.MadeAt);
}
