namespace Licensing.Billing.Runs;

/// <summary>Section <c>Billing</c> of the configuration.</summary>
internal sealed record BillingSettings
{
    /// <summary>Tenants rated and written in one transaction.</summary>
    public int ChunkTenants { get; init; } = 500;

    /// <summary>
    /// Chunks that one process works on at the same time; 0 is one per processor and one more, which works while another waits for the disk.
    /// </summary>
    public int Workers { get; init; }

    /// <summary>How long a worker may be silent before another takes its chunk.</summary>
    public TimeSpan ChunkLease { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Most tenants that a request rates on the fly, of all its months together; each month with something late is one more.</summary>
    public int EstimatedTenants { get; init; } = 5_000;

    /// <summary>A run that issues is held where its total of a currency is so many percent from the period before; 0 never holds.</summary>
    public decimal MostDeviationPercent { get; init; } = 50;

    /// <summary>Differences up to this amount, in whole units of the currency, hold no run.</summary>
    public decimal LeastDeviation { get; init; } = 10_000;

    /// <summary>A subscription with more lines that begin on one day is taken for a mistake of ours; its tenant is not billed.</summary>
    public int MostLinesPerSubscriptionDay { get; init; } = 1_000;

    public int WorkersHere => Workers > 0 ? Workers : Environment.ProcessorCount + 1;
}
