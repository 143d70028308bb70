using System.Threading.Channels;

namespace Licensing.Kernel.Tests;

public sealed class GatheredTests
{
    // Milliseconds, for what would be waited for without end.
    private const int Patience = 30_000;

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

    [Fact(Timeout = Patience)]
    public async Task A_second_group_begins_beside_the_first_when_it_would_be_full_and_not_before()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (gathered, begun) = TwoAtOnce(most: 3, gate.Task);

        var all = new List<Task<string>> { gathered.DoAsync(0, Ct) };
        (await begun.ReadAsync(Ct)).ShouldBe([0]);
        all.AddRange([gathered.DoAsync(1, Ct), gathered.DoAsync(2, Ct)]);
        await OthersAsync();
        begun.TryRead(out _).ShouldBeFalse();
        all.Add(gathered.DoAsync(3, Ct));
        (await begun.ReadAsync(Ct)).ShouldBe([1, 2, 3]);

        gate.SetResult();
        (await Task.WhenAll(all)).ShouldBe(["0", "1", "2", "3"]);
    }

    [Fact(Timeout = Patience)]
    public async Task Beside_two_groups_no_third_begins_however_many_wait()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (gathered, begun) = TwoAtOnce(most: 3, gate.Task);

        var all = new List<Task<string>> { gathered.DoAsync(0, Ct) };
        (await begun.ReadAsync(Ct)).ShouldBe([0]);
        all.AddRange([gathered.DoAsync(1, Ct), gathered.DoAsync(2, Ct), gathered.DoAsync(3, Ct)]);
        (await begun.ReadAsync(Ct)).ShouldBe([1, 2, 3]);
        all.AddRange([gathered.DoAsync(4, Ct), gathered.DoAsync(5, Ct), gathered.DoAsync(6, Ct), gathered.DoAsync(7, Ct)]);
        await OthersAsync();
        begun.TryRead(out _).ShouldBeFalse();

        gate.SetResult();
        (await Task.WhenAll(all)).ShouldBe(["0", "1", "2", "3", "4", "5", "6", "7"]);
    }

    /// <summary>Tells of each group as it begins, and holds it until the gate opens.</summary>
    private static (Gathered<int, string> Gathered, ChannelReader<int[]> Begun) TwoAtOnce(int most, Task gate)
    {
        var begun = Channel.CreateUnbounded<int[]>();
        return (new(most, async items =>
        {
            begun.Writer.TryWrite([.. items]);
            await gate;
            return [.. items.Select(i => $"{i}")];
        }, atOnce: 2), begun.Reader);
    }

    // That nothing begins cannot be waited for: whatever was to begin has had its turn many times over. In fairness behind what was there before, or
    // a thread would go on with what it has just been given.
    private static async Task OthersAsync()
    {
        for (var i = 0; i < 1_000; i++)
            await Task.Factory.StartNew(() => { }, Ct, TaskCreationOptions.PreferFairness, TaskScheduler.Default);
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
