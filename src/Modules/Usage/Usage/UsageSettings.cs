namespace Licensing.Usage;

/// <summary>Section <c>Usage</c> of the configuration.</summary>
internal sealed record UsageSettings
{
    /// <summary>How many months a record is kept and recognised, and so how old one may be when it comes in.</summary>
    public int RetentionMonths { get; init; } = 13;

    /// <summary>How long a process goes by what it read of subscriptions, their places and meters; none that is new is missed by it.</summary>
    public TimeSpan TargetsStay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Bytes of requests that may be read or wait at once; what comes beyond is refused.</summary>
    public long WaitingBytes { get; init; } = 128 << 20;

    /// <summary>Of those, the most of one sender; not less than the largest batch takes.</summary>
    public long WaitingBytesOfOne { get; init; } = 48 << 20;

    /// <summary>Records that one transaction stores, but for a batch that has more.</summary>
    public int RecordsTogether { get; init; } = 20_000;

    /// <summary>Transactions that store at the same time: while one waits for the disk another is written.</summary>
    public int Writers { get; init; } = 2;
}
