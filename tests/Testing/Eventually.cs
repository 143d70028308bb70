namespace Licensing.Testing;

/// <summary>For the few things that only another process or the server's own views can tell: asks until it is so.</summary>
public static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        if (!await IsAsync(condition))
            throw new TimeoutException($"Not so after {Patience.TotalSeconds} s.");
    }

    /// <summary>Whether it became so, for who has to go on either way.</summary>
    public static async Task<bool> IsAsync(Func<Task<bool>> condition)
    {
        var since = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(since) > Patience)
                return false;
            await timer.WaitForNextTickAsync();
        }

        return true;
    }
}
