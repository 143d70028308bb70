namespace Licensing.Kernel.Messaging;

/// <summary>Section <c>Messaging</c> of the configuration.</summary>
public sealed record MessagingSettings
{
    /// <summary>False where something else drives the relay: a terminal command, or a test that drains it.</summary>
    public bool InBackground { get; init; } = true;

    /// <summary>Messages claimed at once; those of one subscriber share one transaction.</summary>
    public int BatchSize { get; init; } = 500;

    /// <summary>How long a claim holds without being renewed, hence how late the messages of a dead process go on.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often the outboxes are looked at when nobody wakes the relay: for scheduled messages and retries.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The least time between two notifications to the other processes.</summary>
    public TimeSpan NotifyInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>After so many failures a message is parked and waits for a person.</summary>
    public int MaxAttempts { get; init; } = 10;

    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a redelivery is still recognised.</summary>
    public TimeSpan KeepInbox { get; init; } = TimeSpan.FromDays(30);

    public TimeSpan KeepIdempotencyRecords { get; init; } = TimeSpan.FromHours(48);

    public TimeSpan HousekeepingInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Rows removed by one statement of the housekeeping, so that it never holds many locks.</summary>
    public int HousekeepingBatch { get; init; } = 5_000;
}

internal static class Backoff
{
    /// <summary>
    /// Doubles from <paramref name="first"/> to <paramref name="longest"/>; the upper half is random, so that those who failed
    /// together do not return together.
    /// </summary>
    public static TimeSpan Delay(int failures, TimeSpan first, TimeSpan longest, Random random)
    {
        var full = first * Math.Pow(2, Math.Clamp(failures - 1, 0, 30));
        return (full < longest ? full : longest) * (0.5 + random.NextDouble() / 2);
    }
}
