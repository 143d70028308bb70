using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Provisioning.Numbers;

internal enum NumberState { Available, Allocated, Quarantined, Withdrawn }

/// <summary>
/// A number of the pool. Its state follows from who holds it and from instants, so that a quarantine is over on time however late the message
/// is that tells it.
/// </summary>
internal sealed class InboundNumber : IOwned, IVersioned
{
    private InboundNumber()
    {
    }

    public InboundNumberId Id { get; private init; }

    /// <summary>E.164, with its plus sign.</summary>
    public string Number { get; private init; } = "";
    public string Country { get; private init; } = "";
    public NumberType Type { get; private init; }
    public string? Locality { get; private init; }

    /// <summary>The branch that it was loaded for: whose tenants can be given it.</summary>
    public OrganizationId PoolId { get; private init; }
    public string PoolPath { get; private init; } = "";

    /// <summary>Whose list it is on: the holder's until its quarantine is over, else its pool's.</summary>
    public string OwnerPath { get; private set; } = "";
    public OrganizationId? TenantId { get; private set; }
    public DateTimeOffset? AllocatedAt { get; private set; }

    /// <summary>Who held it before its quarantine, and may have it back.</summary>
    public OrganizationId? LastTenantId { get; private set; }
    public DateTimeOffset? QuarantinedUntil { get; private set; }
    public DateTimeOffset? WithdrawnAt { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    public NumberState StateAt(DateTimeOffset now) =>
        TenantId is not null ? NumberState.Allocated
        : WithdrawnAt is not null ? NumberState.Withdrawn
        : QuarantinedUntil > now ? NumberState.Quarantined
        : NumberState.Available;

    /// <summary>Gives it to a tenant below its pool: a free one to anyone, one in quarantine to who held it.</summary>
    public Result<InboundNumberAllocated> Allocate(OrganizationRef tenant, DateTimeOffset now)
    {
        var state = StateAt(now);
        if (!tenant.Path.StartsWith(PoolPath, StringComparison.Ordinal)
            || !(state is NumberState.Available || (state is NumberState.Quarantined && LastTenantId == tenant.Id)))
            return NumberRefusals.NotAvailable(Number);
        (TenantId, OwnerPath, AllocatedAt, LastTenantId, QuarantinedUntil) = (tenant.Id, tenant.Path, now, null, null);
        return new InboundNumberAllocated(Id, Number, tenant.Id, now);
    }

    public Result<InboundNumberReleased> Release(TimeSpan quarantine, DateTimeOffset now)
    {
        if (TenantId is not { } tenant)
            return NumberRefusals.NotAllocated;
        (TenantId, AllocatedAt) = (null, null);
        if (quarantine > TimeSpan.Zero)
            (LastTenantId, QuarantinedUntil) = (tenant, now + quarantine);
        else
            OwnerPath = PoolPath;
        return new InboundNumberReleased(Id, Number, tenant, now, QuarantinedUntil);
    }

    /// <summary>Takes note that its quarantine is over; null where it is not, or is not any more.</summary>
    public InboundNumberFreed? EndQuarantine(DateTimeOffset now)
    {
        if (QuarantinedUntil is not { } until || until > now)
            return null;
        (LastTenantId, QuarantinedUntil, OwnerPath) = (null, null, PoolPath);
        return WithdrawnAt is null ? new InboundNumberFreed(Id, Number) : null;
    }

    /// <summary>Takes it out of the pool. A quarantine goes on, so that loading it again does not end it.</summary>
    public Result<Done> Withdraw(DateTimeOffset now)
    {
        if (TenantId is not null)
            return NumberRefusals.Allocated;
        if (WithdrawnAt is not null)
            return NumberRefusals.Withdrawn;
        WithdrawnAt = now;
        return new Done();
    }

    /// <summary>Goes with its holder to another partner.</summary>
    public void MoveTo(string path) => OwnerPath = path;

    public sealed class Mapping : IEntityTypeConfiguration<InboundNumber>
    {
        public void Configure(EntityTypeBuilder<InboundNumber> builder) => builder.ToTable("inbound_numbers").HasKey(x => x.Id);
    }
}
