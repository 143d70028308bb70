using Licensing.Kernel.Operations;

namespace Licensing.Billing.Runs;

/// <summary>A run as it stands.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Period">The month.</param>
/// <param name="State">Held waits for a second person.</param>
/// <param name="Issue">Whether its drafts are issued at the end.</param>
/// <param name="OperationId">Where its latest start is watched.</param>
/// <param name="Round">How often it was gone through.</param>
/// <param name="Tenants">How many tenants the round goes through; 0 until they are counted.</param>
/// <param name="NotBilled">How many of them were left out so far.</param>
/// <param name="Deviations">What held it; empty where nothing did.</param>
/// <param name="StartedBy">Who began the round.</param>
/// <param name="StartedAt">When.</param>
/// <param name="ConfirmedBy">Who let it go on; null where nobody had to.</param>
/// <param name="ConfirmedAt">When.</param>
/// <param name="FinishedAt">When it ended; null while it goes on.</param>
internal sealed record RunView(
    Guid Id, Period Period, RunState State, bool Issue, OperationId? OperationId, int Round, int Tenants, int NotBilled,
    IReadOnlyList<RunDeviation> Deviations, string? StartedBy, DateTimeOffset StartedAt, string? ConfirmedBy, DateTimeOffset? ConfirmedAt,
    DateTimeOffset? FinishedAt)
{
    public static RunView Of(BillingRun run) => new(
        run.Id, run.Period, run.State, run.Issue, run.OperationId, run.Round, run.Tenants, run.NotBilled, run.Deviations ?? [], run.StartedByName,
        run.RoundAt, run.ConfirmedByName, run.ConfirmedAt, run.FinishedAt);
}

/// <summary>A run with how far it is.</summary>
/// <param name="Run">As it stands.</param>
/// <param name="Done">Tenants of the round whose drafts are made, or that needed none.</param>
/// <param name="ChunksToIssue">Chunks whose drafts are not issued.</param>
internal sealed record RunProgressView(RunView Run, int Done, int ChunksToIssue);

/// <summary>A tenant that the round left out.</summary>
internal sealed record ParkedTenantView(Guid TenantId, string ExternalId, string Code, string Message);
