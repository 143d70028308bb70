using System.Diagnostics;
using System.Text;

namespace Licensing.Scenarios.Tests.Guides;

/// <summary>
/// The C# of all guides, each block as it stands, in one program that is built once: what a reader would paste into a <c>Program.cs</c> of his own.
/// </summary>
internal static class CsharpPrograms
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    public static string NameOf(string guide, int number) => $"{guide.Replace('-', '_')}_{number}";

    /// <summary>Builds them.</summary>
    /// <param name="folder">Outside the checkout, whose build settings would hold for them too.</param>
    /// <returns>The program, which takes the name of one.</returns>
    public static async Task<string> BuildAsync(string folder, CancellationToken ct)
    {
        var names = new List<string>();
        foreach (var guide in Guide.Names.Select(Guide.Read))
            foreach (var (block, index) in guide.Blocks.Where(b => b.IsRun && b.Language == "csharp").Select((b, i) => (b, i)))
            {
                var name = NameOf(guide.Name, index + 1);
                names.Add(name);
                await File.WriteAllTextAsync(Path.Combine(folder, $"{name}.cs"), Wrapped(name, block), ct);
            }

        var cases = string.Concat(names.Select(n => $"\"{n}\" => {n}.RunAsync(args[1..]), "));
        await File.WriteAllTextAsync(
            Path.Combine(folder, "Program.cs"), $"await (args[0] switch {{ {cases} _ => throw new Exception(args[0]) }});", ct);
        await File.WriteAllTextAsync(Path.Combine(folder, "guides.csproj"),
            """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <UseAppHost>false</UseAppHost>
                <UseSharedCompilation>false</UseSharedCompilation>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
            </Project>
            """, ct);
        var start = new ProcessStartInfo("dotnet", ["build", "-v", "q", "-nologo", "-nodeReuse:false", "-o", "out"])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct).WaitAsync(Patience, ct);
        process.ExitCode.ShouldBe(0, await output);
        return Path.Combine(folder, "out", "guides.dll");
    }

    // Usings above, all else in a method; what the compiler says is said of the guide's own line.
    private static string Wrapped(string name, GuideBlock block)
    {
        var lines = block.Text.TrimEnd('\n').Split('\n');
        var usings = lines.TakeWhile(l => l.Length == 0 || l.StartsWith("using ", StringComparison.Ordinal) && !l.Contains('=')).Count();
        return new StringBuilder()
            .AppendJoin('\n', lines.Take(usings)).Append('\n')
            .Append($"static class {name}\n{{\n    public static async Task RunAsync(string[] args)\n    {{\n")
            .Append($"#line {block.Line + 1 + usings} \"{name}\"\n")
            .AppendJoin('\n', lines.Skip(usings)).Append("\n    }\n}\n").ToString();
    }
}
