using Spectre.Console;

namespace Licensing.Host.Demo;

/// <summary>A bar per step at a terminal; a line per finished step where the output goes to a file.</summary>
internal static class DemoProgressBars
{
    public static Task<T> RunAsync<T>(IAnsiConsole console, Func<IDemoProgress, Task<T>> work) => console.Profile.Capabilities.Interactive
        ? console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(context => work(new Bars(context)))
        : work(new Lines(console));

    private sealed class Bars(ProgressContext context) : IDemoProgress
    {
        private readonly Dictionary<string, ProgressTask> _tasks = [];

        public void Step(string name, long done, long total)
        {
            if (!_tasks.TryGetValue(name, out var task))
                _tasks[name] = task = context.AddTask(name, maxValue: Math.Max(1, total));
            task.MaxValue = Math.Max(1, total);
            task.Value = done;
        }
    }

    private sealed class Lines(IAnsiConsole console) : IDemoProgress
    {
        public void Step(string name, long done, long total)
        {
            if (done == total)
                console.WriteLine($"{name}: {done} of {total}");
        }
    }
}
