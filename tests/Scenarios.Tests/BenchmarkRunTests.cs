using Licensing.Benchmarks;

namespace Licensing.Scenarios;

public sealed class BenchmarkRunTests
{
    [Theory]
    [InlineData(3, 3d, 3d, 3d)]
    [InlineData(2.5, 4d, 1d)]
    [InlineData(2, 9d, 1d, 2d)]
    [InlineData(5, 1d, 100d, 5d, 7d, 2d)]
    public void The_median_is_the_middle_or_between_the_two_middles(double expected, params double[] values) =>
        PairRunner.Median(values).ShouldBe(expected);

    [Fact]
    public void Nothing_measured_has_no_median() => Should.Throw<ArgumentException>(() => PairRunner.Median([]));

    [Fact]
    public async Task Sides_take_turns_in_going_first_and_the_ratio_is_the_median_of_the_pairs()
    {
        // Ratios 0.5, 0.5, 0.5, 0.5, 4, 4, 4: their median is 0.5, while the ratio of the medians would be another.
        var pair = new Scripted([5, 5, 5, 5, 400, 400, 400], [10, 10, 10, 10, 100, 100, 100]);
        var outcome = await PairRunner.RunAsync(Named("a", Goal.Over(0.6), pair), 7, _ => { }, TestContext.Current.CancellationToken);
        outcome.Ratio.ShouldBe(0.5);
        outcome.Met.ShouldBeFalse();
        string.Concat(pair.Order).ShouldBe("obboobboobboob");
    }

    [Fact]
    public async Task Fewer_pairs_or_a_measurement_of_nothing_are_refused()
    {
        var one = Named("a", Goal.Over(1), new Scripted([1], [1]));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => PairRunner.RunAsync(one, 6, _ => { }, CancellationToken.None));
        var nothing = Named("a", Goal.Over(1), new Scripted([0], [1]));
        (await Should.ThrowAsync<InvalidOperationException>(() => PairRunner.RunAsync(nothing, 7, _ => { }, CancellationToken.None)))
            .Message.ShouldContain("no measurement");
    }

    [Fact]
    public void A_goal_holds_from_its_bound_on()
    {
        Goal.Over(0.6).MetBy(0.6).ShouldBeTrue();
        Goal.Over(0.6).MetBy(0.59).ShouldBeFalse();
        Goal.Under(2.5).MetBy(2.5).ShouldBeTrue();
        Goal.Under(2.5).MetBy(2.51).ShouldBeFalse();
        Goal.Under(2.5).ToString().ShouldBe("≤ 2.5");
    }

    [Fact]
    public async Task A_benchmark_that_breaks_fails_the_run_and_leaves_the_others_their_figures()
    {
        var file = Path.Combine(Path.GetTempPath(), $"bench-broken-{Environment.ProcessId}", "bench.json");
        var (output, errors) = (new StringWriter(), new StringWriter());
        var exitCode = await BenchmarkRun.RunAsync(
            [Named("broken", Goal.Over(1), new Scripted([0], [1])), Named("other", Goal.Over(1), new Scripted([1], [1]))],
            [], file, output, errors, TestContext.Current.CancellationToken);
        exitCode.ShouldBe(1);
        errors.ToString().ShouldContain("broken failed: ");
        output.ToString().ShouldContain("other");
        output.ToString().ShouldNotContain("broken");
    }

    [Fact]
    public async Task The_table_and_the_file_tell_the_same()
    {
        var file = Path.Combine(Path.GetTempPath(), $"bench-{Environment.ProcessId}", "bench.json");
        var (output, errors) = (new StringWriter(), new StringWriter());
        var exitCode = await BenchmarkRun.RunAsync(
            [Named("ingest", Goal.Over(0.6), new Scripted([75_000], [100_000])), Named("other", Goal.Over(1), new Scripted([1], [1]))],
            ["ingest"], file, output, errors, TestContext.Current.CancellationToken);
        exitCode.ShouldBe(0);
        var row = output.ToString().Split('\n').Single(l => l.Contains("ingest"));
        row.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .ShouldBe(["ingest", "75,000", "rows/s", "100,000", "rows/s", "0.750", "≥", "0.6", "yes"]);
        (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n").ShouldBe("""
            [
              {
                "name": "ingest",
                "ours": 75000,
                "base": 100000,
                "ratio": 0.75,
                "unit": "rows/s",
                "goal": "≥ 0.6",
                "met": true
              }
            ]

            """);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public async Task An_unknown_name_is_answered_with_the_list_and_nothing_registered_is_said()
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        (await BenchmarkRun.RunAsync([Named("read", Goal.Over(1), new Scripted([1], [1]))], ["red"], "", output, errors, default)).ShouldBe(2);
        errors.ToString().Trim().ShouldBe("There is no benchmark red. There are: read.");
        (await BenchmarkRun.RunAsync([], [], "", output, errors, default)).ShouldBe(0);
        output.ToString().Trim().ShouldBe("No benchmark is registered yet.");
    }

    private static Benchmark Named(string name, Goal goal, IPair pair) => new(name, "ours ÷ base", "rows/s", goal, _ => Task.FromResult(pair));

    private sealed class Scripted(double[] ours, double[] bases) : IPair
    {
        private int _ours, _bases;

        public List<char> Order { get; } = [];

        public Task<double> OursAsync(CancellationToken ct)
        {
            Order.Add('o');
            return Task.FromResult(ours[_ours++ % ours.Length]);
        }

        public Task<double> BaseAsync(CancellationToken ct)
        {
            Order.Add('b');
            return Task.FromResult(bases[_bases++ % bases.Length]);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
