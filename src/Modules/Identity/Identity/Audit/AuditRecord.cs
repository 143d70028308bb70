using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Identity.Audit;

/// <summary>One entry as it is read; entries are written by <see cref="AuditStore"/> alone.</summary>
internal sealed class AuditRecord : IOwned
{
    public Guid Id { get; init; }
    public DateTimeOffset At { get; init; }
    public PrincipalKind PrincipalKind { get; init; }
    public Guid PrincipalId { get; init; }
    public string PrincipalName { get; init; } = "";
    public Guid OrganizationId { get; init; }
    public string Action { get; init; } = "";
    public string OwnerPath { get; init; } = "";
    public string[] Resources { get; init; } = [];
    public string Changes { get; init; } = "";
    public string? RequestId { get; init; }
}

internal sealed class AuditRecordMapping : IEntityTypeConfiguration<AuditRecord>
{
    public void Configure(EntityTypeBuilder<AuditRecord> builder)
    {
        builder.ToTable("audit_entries").HasKey(x => x.Id);
        builder.Property(x => x.Changes).HasColumnType("jsonb");
    }
}
