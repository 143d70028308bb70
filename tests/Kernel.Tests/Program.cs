using System.Diagnostics;
using Licensing.Kernel.Tests;

// The tests of kill -9 need a process to kill: this one, started with other arguments.
return args is ["child", var work] ? await Child.RunAsync(work) : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);

namespace Licensing.Kernel.Tests
{
    internal sealed class Child : IDisposable
    {
        public const int Killed = 128 + 9;
        private const string DatabaseVariable = "KERNEL_TESTS_DATABASE";
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

        private readonly Process _process;

        private Child(Process process) => _process = process;

        /// <summary>Starts a process that says when it is ready, and then waits for <see cref="GoAsync"/>.</summary>
        public static async Task<Child> StartAsync(string work, string database, string? fault = null)
        {
            var program = Path.ChangeExtension(typeof(Child).Assembly.Location, OperatingSystem.IsWindows() ? ".exe" : null);
            var start = new ProcessStartInfo(program, ["child", work]) { RedirectStandardInput = true, RedirectStandardOutput = true };
            start.Environment[DatabaseVariable] = database;
            start.Environment["LICENSING_FAULT"] = fault;
            var child = new Child(Process.Start(start)!);
            (await child._process.StandardOutput.ReadLineAsync().WaitAsync(Patience)).ShouldBe("ready");
            return child;
        }

        /// <returns>Its exit code, and the lines it wrote.</returns>
        public async Task<(int ExitCode, string[] Lines)> GoAsync()
        {
            await _process.StandardInput.WriteLineAsync("go");
            _process.StandardInput.Close();
            var output = await _process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
            await _process.WaitForExitAsync().WaitAsync(Patience);
            return (_process.ExitCode, output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill();
            _process.Dispose();
        }

        internal static async Task<int> RunAsync(string work)
        {
            await using var tower = Tower.Open(Environment.GetEnvironmentVariable(DatabaseVariable)!, TimeProvider.System);
            Console.WriteLine("ready");
            Console.ReadLine();
            switch (work)
            {
                case "migrate":
                    foreach (var applied in await tower.Migrator.ApplyAsync(CancellationToken.None))
                        Console.WriteLine($"{applied.Module}/{applied.Name}");
                    return 0;
                case "deliver":
                    Console.WriteLine(await tower.DeliverAsync());
                    return 0;
                default:
                    return 2;
            }
        }
    }
}
