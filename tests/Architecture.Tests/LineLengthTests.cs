using System.Globalization;

namespace Licensing.Architecture.Tests;

/// <summary>Editors are told in .editorconfig how long a line may be, and no compiler looks at it.</summary>
public sealed class LineLengthTests
{
    [Fact]
    public void No_line_is_longer_than_editors_are_told()
    {
        var longest = Longest(File.ReadLines(Path.Combine(Checkout.Folder, ".editorconfig")));
        longest.ShouldBe(150);
        // What tools write lies in artifacts.
        var files = new[] { "src", "tests" }
            .SelectMany(root => Directory.EnumerateFiles(Path.Combine(Checkout.Folder, root), "*.cs", SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal).ToList();
        files.Count.ShouldBeGreaterThan(1_000);

        files.SelectMany(file => File.ReadLines(file)
                .Select((line, i) => (Line: line, At: $"{Path.GetRelativePath(Checkout.Folder, file)}:{i + 1}"))
                .Where(x => x.Line.Length > longest).Select(x => x.At))
            .ShouldBeEmpty();
    }

    private static int Longest(IEnumerable<string> settings) =>
        int.Parse(settings.Single(s => s.StartsWith("max_line_length", StringComparison.Ordinal)).Split('=')[1], CultureInfo.InvariantCulture);
}
