namespace Licensing.Host.Ops;

/// <summary>A bar on standard error, where someone is looking: into a pipe or a file it writes nothing.</summary>
internal static class OpsProgress
{
    private const int Cells = 40;

    public static Action<long, long>? To(TextWriter errors) => Console.IsErrorRedirected ? null : Bar(errors);

    /// <summary>What is told after all is done is told no more: the line has ended, and what follows belongs to the answer.</summary>
    internal static Action<long, long> Bar(TextWriter errors)
    {
        var ended = false;
        return (done, all) =>
        {
            if (ended)
                return;
            ended = done >= all;
            var filled = ended ? Cells : (int)(done * Cells / all);
            errors.Write(
                $"\r{new string('━', filled)}{new string(' ', Cells - filled)} {done:#,0} of {all:#,0}{(ended ? Environment.NewLine : "")}");
        };
    }
}
