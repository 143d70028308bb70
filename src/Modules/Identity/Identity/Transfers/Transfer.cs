using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Transfers;

/// <summary>A tenant's way to another partner, agreed for a day. It stays with the old partner, as everything from before that day.</summary>
internal sealed class Transfer : IOwned, IVersioned
{
    private Transfer()
    {
    }

    public TransferId Id { get; private init; }
    public OrganizationId TenantId { get; private init; }
    public string OwnerPath { get; private init; } = "";
    public OrganizationId FromPartnerId { get; private init; }
    public OrganizationId PartnerId { get; private init; }

    /// <summary>The first day with the new partner.</summary>
    public DateOnly EffectiveOn { get; private init; }

    public string Reason { get; private init; } = "";
    public string RequestedBy { get; private init; } = "";
    public DateTimeOffset RequestedAt { get; private init; }
    public TransferStatus Status { get; private set; }
    public string? FailureCode { get; private set; }
    public string? FailureMessage { get; private set; }
    public DateTimeOffset? EndedAt { get; private set; }
    public int Version { get; private set; }

    public static Transfer Agree(Organization tenant, Organization partner, DateOnly on, string reason, string by, DateTimeOffset now) => new()
    {
        Id = Kernel.Id.New<TransferId>(now),
        TenantId = tenant.Id,
        OwnerPath = tenant.OwnerPath,
        FromPartnerId = tenant.ParentId!.Value,
        PartnerId = partner.Id,
        EffectiveOn = on,
        Reason = reason,
        RequestedBy = by,
        RequestedAt = now,
        Status = TransferStatus.Pending,
        Version = 1,
    };

    public void Done(DateTimeOffset now) => (Status, EndedAt) = (TransferStatus.Done, now);

    /// <summary>Its day came and something forbade it; the tenant stays where it is.</summary>
    public void Fail(Refusal refusal, DateTimeOffset now) =>
        (Status, FailureCode, FailureMessage, EndedAt) = (TransferStatus.Failed, refusal.Code, refusal.Message, now);

    public Result<Done> Cancel(DateTimeOffset now)
    {
        if (Status is not TransferStatus.Pending)
            return TransferRefusals.NotPending;
        (Status, EndedAt) = (TransferStatus.Cancelled, now);
        return default(Done);
    }
}

internal sealed class TransferMapping : IEntityTypeConfiguration<Transfer>
{
    public void Configure(EntityTypeBuilder<Transfer> builder) => builder.ToTable("transfers").HasKey(x => x.Id);
}
