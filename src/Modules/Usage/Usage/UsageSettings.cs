namespace Licensing.Usage;

/// <summary>Section <c>Usage</c> of the configuration.</summary>
internal sealed record UsageSettings
{
    /// <summary>How many months a record is kept and recognised, and so how old one may be when it comes in.</summary>
    public int RetentionMonths { get; init; } = 13;

    /// <summary>How long a process goes by what it read of subscriptions, their places and meters; none that is new is missed by it.</summary>
    public TimeSpan TargetsStay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Bytes of requests that may be read or wait at once. Of what others leave of it a sender may have half: with four shares, three senders
    /// find all of theirs, whatever the two before them send.
    /// </summary>
    public long WaitingBytes { get; init; } = 256 << 20;

    /// <summary>Of those, the most of one sender; not less than the largest batch takes, with its body where it has an Idempotency-Key.</summary>
    public long WaitingBytesOfOne { get; init; } = 64 << 20;

    /// <summary>Records that one transaction stores, but for a batch that has more.</summary>
    public int RecordsTogether { get; init; } = 20_000;

    /// <summary>Transactions that store at the same time: while some wait for the disk others are written, and who comes waits for none.</summary>
    public int Writers { get; init; } = 4;

    /// <summary>How long the log of new records is left alone before it is merged, unless somebody asks earlier.</summary>
    public TimeSpan RollUpEvery { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How often the tenants that have thresholds are looked at.</summary>
    public TimeSpan ThresholdsEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How many sets of dimensions a tenant has cells of in a day; what comes beyond them is one set.</summary>
    public int DimensionSetsPerDay { get; init; } = 1_000;

    /// <summary>Marks of the log that one transaction of rolling up takes away.</summary>
    public int MarksPerRound { get; init; } = 4_096;

    /// <summary>Records of one such transaction, but for a batch that has more: as many as it can add up without being long about it.</summary>
    public int RecordsPerRound { get; init; } = 2_000_000;

    /// <summary>The same while somebody waits for the answer.</summary>
    public int RecordsPerRoundAskedFor { get; init; } = 200_000;

    /// <summary>Tenants of one such transaction: each is a lock of the server, which has some thousands for everybody.</summary>
    public int TenantsPerRound { get; init; } = 1_000;

    /// <summary>Itself; a share that nobody could ever have, even alone, stops the start, where someone sees it.</summary>
    public UsageSettings Checked() => WaitingBytes >= 2 * WaitingBytesOfOne
        ? this
        : throw new InvalidOperationException(
            $"Usage:WaitingBytes must be at least twice Usage:WaitingBytesOfOne ({WaitingBytesOfOne}), as nobody may hold more than he leaves free, "
            + $"not {WaitingBytes}.");

    /// <summary>
    /// From when on all records of a day are still there, so that it can be computed anew: one of a later start than another of its day may
    /// be a day older than that, and each may have been received a day before it started.
    /// </summary>
    public DateTimeOffset WholeFrom(DateTimeOffset now) => now.AddMonths(-RetentionMonths).AddDays(2);

    /// <summary>The first day that can be computed anew: of older ones the retention may have taken records.</summary>
    public DateOnly FirstWhole(BillingCalendar calendar, DateTimeOffset now) => calendar.DayOf(WholeFrom(now)).AddDays(1);
}
