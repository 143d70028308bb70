namespace Licensing.Host.Ops;

/// <summary>A bar on standard error, where someone is looking: into a pipe or a file it writes nothing.</summary>
internal static class OpsProgress
{
    private const int Cells = 40;

    public static Action<long, long>? To(TextWriter errors) => Console.IsErrorRedirected ? null : (done, all) =>
    {
        var filled = all == 0 ? Cells : (int)(done * Cells / all);
        errors.Write(
            $"\r{new string('━', filled)}{new string(' ', Cells - filled)} {done:#,0} of {all:#,0}{(done == all ? Environment.NewLine : "")}");
    };
}
