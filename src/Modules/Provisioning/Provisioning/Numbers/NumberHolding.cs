using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Provisioning.Numbers;

/// <summary>That a tenant, standing at one place in the tree, held a number from one instant until another.</summary>
internal sealed class NumberHolding : IOwned
{
    public Guid Id { get; private init; }
    public InboundNumberId NumberId { get; private init; }
    public OrganizationId TenantId { get; private init; }

    /// <summary>Where the tenant stood; what it held there stays on that partner's lists.</summary>
    public string OwnerPath { get; private init; } = "";
    public DateTimeOffset FromAt { get; private init; }
    public DateTimeOffset? UntilAt { get; private set; }
    public required string BegunBy { get; init; }
    public string? EndedBy { get; private set; }

    /// <summary>Why it ended, as whoever ended it said.</summary>
    public string? Reason { get; private set; }

    public static NumberHolding Begin(InboundNumberId number, OrganizationId tenant, string path, string by, DateTimeOffset now) => new()
    {
        Id = Licensing.Kernel.Id.NewGuid(now),
        NumberId = number,
        TenantId = tenant,
        OwnerPath = path,
        FromAt = now,
        BegunBy = by,
    };

    public void End(string by, string? reason, DateTimeOffset now) =>
        // The clock of another process may be behind the one that allocated it.
        (UntilAt, EndedBy, Reason) = (now > FromAt ? now : FromAt, by, reason);

    public sealed class Mapping : IEntityTypeConfiguration<NumberHolding>
    {
        public void Configure(EntityTypeBuilder<NumberHolding> builder) => builder.ToTable("inbound_number_holdings").HasKey(x => x.Id);
    }
}
