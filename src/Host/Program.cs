using System.Runtime.InteropServices;
using Licensing.Host;
using Licensing.Host.Demo;
using Licensing.Host.Ops;

const string Usage = """
    Usage:
      serve [--port N] [--data FOLDER] [--Setting value …]   listens until it is stopped; the same without a word
      ops …                                                  commands for those who run it; see: ops help
      demo …                                                 the same with demonstration data
    """;

// Also while the database is still starting, where the host does not listen for signals yet.
using var stop = new CancellationTokenSource();
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

switch (args)
{
    case [] or [['-', '-', ..], ..] when args is not ["--help", ..]:
        return await ServeCommand.RunAsync(args, stop.Token);
    case ["serve", ..]:
        return await ServeCommand.RunAsync(args[1..], stop.Token);
    case ["ops", ..]:
        return await OpsCommandLine.RunAsync(args[1..], Terminal.Own, stop.Token);
    case ["demo", ..]:
        return await DemoCommand.RunAsync(args[1..], stop.Token);
    case ["help" or "--help" or "-h", ..]:
        Console.WriteLine(Usage);
        return 0;
    default:
        await Console.Error.WriteLineAsync($"There is no '{args[0]}'.\n{Usage}");
        return 2;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
