using Licensing.Kernel.Persistence;
using Microsoft.Extensions.Logging.Abstractions;

namespace Licensing.Kernel.Tests.Persistence;

/// <summary>A service of the host that throws would end the host: whatever a round fails with, the next one comes.</summary>
public sealed class RoundsTests
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task A_round_that_fails_in_whatever_way_is_followed_by_the_next()
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Exception[] failures =
        [
            new InvalidOperationException("Connection is not open"), new ObjectDisposedException("connection"), new TimeoutException(),
            // Of a token of its own, not of the host's.
            new OperationCanceledException(),
        ];
        var (round, begun) = (0, new SemaphoreSlim(0));
        var rounds = Rounds.RepeatAsync(Every, TimeProvider.System, _ =>
        {
            begun.Release();
            return round++ < failures.Length ? Task.FromException(failures[round - 1]) : Task.CompletedTask;
        }, NullLogger.Instance, stopping.Token);
        for (var i = 0; i <= failures.Length; i++)
        {
            await Task.WhenAny(begun.WaitAsync(stopping.Token), rounds);
            rounds.IsCompleted.ShouldBeFalse($"after {round} rounds: {rounds.Exception}");
        }

        await stopping.CancelAsync();
        await rounds;
        round.ShouldBe(failures.Length + 1);
    }
}
