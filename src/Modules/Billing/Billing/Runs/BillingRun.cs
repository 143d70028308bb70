using Licensing.Identity.Contracts;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Operations;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Billing.Runs;

/// <summary>Held: what was drafted is far from the period before, and is issued only when a second person says so.</summary>
internal enum RunState { Planning, Drafting, Held, Issuing, Finished }

/// <summary>
/// The billing of one period by one seller. There is one for ever: starting it again while it runs goes on with it, and once it has
/// finished begins a round that bills what could not be billed before and draws anew what is still a draft.
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

    /// <summary>Counts the starts; a message of a start before does nothing.</summary>
    public int Step { get; init; }

    /// <summary>Counts how often everything was gone through.</summary>
    public int Round { get; init; }

    /// <summary>When the round began; its invoices are of this instant, whenever they are written.</summary>
    public DateTimeOffset RoundAt { get; init; }

    /// <summary>Who began the round, by all the ids that may be the same person.</summary>
    public Guid[] StartedBy { get; init; } = [];

    public string? StartedByName { get; init; }

    /// <summary>How many tenants the round goes through.</summary>
    public int Tenants { get; init; }

    public int NotBilled { get; init; }

    /// <summary>What held the round; null where nothing did.</summary>
    public IReadOnlyList<RunDeviation>? Deviations { get; init; }

    public Guid? ConfirmedBy { get; init; }
    public string? ConfirmedByName { get; init; }
    public DateTimeOffset? ConfirmedAt { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }

    public Period Period => new(PeriodStart, PeriodEnd);

    internal sealed class Table : IEntityTypeConfiguration<BillingRun>
    {
        public void Configure(EntityTypeBuilder<BillingRun> builder)
        {
            builder.ToTable("runs").HasKey(x => x.Id);
            builder.Ignore(x => x.Period);
            builder.Property(x => x.Deviations).IsJson();
        }
    }
}

/// <summary>The run has something to do. Only a knock: what there is to do stands in the run's rows.</summary>
/// <param name="RunId">Which.</param>
/// <param name="Step">The start that it is of.</param>
[Message("billing.run-continued.v1")]
internal sealed record BillingRunContinued(Guid RunId, int Step);
