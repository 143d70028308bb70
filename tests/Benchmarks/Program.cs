using Licensing.Benchmarks;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

if (args is [BillingPeak.Argument])
    return await BillingPeak.RunAsync(Console.In, Console.Out, stop.Token);
return await BenchmarkRun.RunAsync(Registered.All, args, BenchmarkRun.FolderOf("bench.json"), Console.Out, Console.Error, stop.Token);
