using Licensing.Benchmarks;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

var folder = new DirectoryInfo(AppContext.BaseDirectory);
while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Licensing.sln")))
    folder = folder.Parent;
var file = Path.Combine(folder?.FullName ?? Environment.CurrentDirectory, "artifacts", "bench.json");
return await BenchmarkRun.RunAsync(Registered.All, args, file, Console.Out, Console.Error, stop.Token);
