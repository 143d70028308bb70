using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Runs;

internal enum RunState { Drafting, Issuing, Finished }

/// <summary>
/// The billing of one period by one seller. There is one for ever: starting it again while it runs goes on with it, and once it has
/// finished bills what could not be billed before and draws anew what is still a draft.
/// </summary>
internal sealed class BillingRun
{
    public Guid Id { get; init; }
    public OrganizationId SellerId { get; init; }
    public DateOnly PeriodStart { get; init; }
    public DateOnly PeriodEnd { get; init; }
    public RunState State { get; init; }

    /// <summary>Whether the drafts are issued at the end.</summary>
    public bool Issue { get; init; }

    /// <summary>Where to watch the latest start.</summary>
    public OperationId? OperationId { get; init; }

    /// <summary>Counts what was done; a message for another step is late or doubled and does nothing.</summary>
    public int Step { get; init; }

    public OrganizationId? LastTenant { get; init; }
    public int NotBilled { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }

    public Period Period => new(PeriodStart, PeriodEnd);

    internal sealed class Table : IEntityTypeConfiguration<BillingRun>
    {
        public void Configure(EntityTypeBuilder<BillingRun> builder)
        {
            builder.ToTable("runs").HasKey(x => x.Id);
            builder.Ignore(x => x.Period);
        }
    }
}

/// <summary>The run has more to do.</summary>
/// <param name="RunId">Which.</param>
/// <param name="Step">The step to do now.</param>
[Message("billing.run-continued.v1")]
internal sealed record BillingRunContinued(Guid RunId, int Step);
