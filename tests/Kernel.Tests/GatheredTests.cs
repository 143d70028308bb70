namespace Licensing.Kernel.Tests;

public sealed class GatheredTests
{
    private readonly Queue<TaskCompletionSource> _gates = new();
    private readonly List<int[]> _done = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_comes_while_others_are_done_is_done_together_next_and_no_more_than_so_many()
    {
        var gathered = Gathered(most: 3);
        var gate = Gate();

        var all = Enumerable.Range(0, 6).Select(i => gathered.DoAsync(i, Ct)).ToList();
        gate.SetResult();

        (await Task.WhenAll(all)).ShouldBe(["0", "1", "2", "3", "4", "5"]);
        _done.SelectMany(d => d).ShouldBe([0, 1, 2, 3, 4, 5]);
        _done.ShouldAllBe(d => d.Length <= 3);
        _done.Count.ShouldBeLessThan(6);
    }

    [Fact]
    public async Task Who_comes_alone_is_done_at_once()
    {
        var gathered = Gathered(most: 3);

        (await gathered.DoAsync(1, Ct)).ShouldBe("1");
        (await gathered.DoAsync(2, Ct)).ShouldBe("2");

        _done.ShouldBe([[1], [2]]);
    }

    [Fact]
    public async Task What_fails_is_told_to_those_it_was_done_for_and_to_nobody_after_them()
    {
        var gathered = Gathered(most: 2);
        var gate = Gate();

        var (first, second, third) = (gathered.DoAsync(-1, Ct), gathered.DoAsync(-2, Ct), gathered.DoAsync(-3, Ct));
        gate.SetResult();

        foreach (var failed in new[] { first, second, third })
            (await Should.ThrowAsync<InvalidOperationException>(() => failed)).Message.ShouldStartWith("-");
        (await gathered.DoAsync(4, Ct)).ShouldBe("4");
    }

    [Fact]
    public async Task Who_hangs_up_leaves_the_others_their_answers()
    {
        var gathered = Gathered(most: 5);
        var gate = Gate();
        using var impatient = new CancellationTokenSource();

        var all = new[] { gathered.DoAsync(0, impatient.Token), gathered.DoAsync(1, impatient.Token), gathered.DoAsync(2, Ct) };
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => all[0]);
        await Should.ThrowAsync<OperationCanceledException>(() => all[1]);
        gate.SetResult();

        (await all[2]).ShouldBe("2");
    }

    private Gathered<int, string> Gathered(int most) => new(most, async items =>
    {
        if (_gates.TryDequeue(out var gate))
            await gate.Task;
        _done.Add([.. items]);
        return items.Any(i => i < 0) ? throw new InvalidOperationException($"{items[0]}") : [.. items.Select(i => $"{i}")];
    });

    /// <summary>What is done first waits for it.</summary>
    private TaskCompletionSource Gate()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _gates.Enqueue(gate);
        return gate;
    }
}
