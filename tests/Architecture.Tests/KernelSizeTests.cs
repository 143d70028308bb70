namespace Licensing.Architecture.Tests;

/// <summary>The kernel is what every module needs and none owns; whatever grows it is asked whether that is so.</summary>
public sealed class KernelSizeTests
{
    private const int MostLines = 2_600;

    [Fact]
    public void The_kernel_stays_small()
    {
        var lines = Directory.EnumerateFiles(Path.Combine(Checkout.Folder, "src", "Kernel"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(File.ReadLines).Count(IsCode);

        lines.ShouldBeInRange(1_000, MostLines);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("    // Why.", false)]
    [InlineData("    /// <summary>What.</summary>", false)]
    [InlineData("        });", false)]
    [InlineData("using System.Text;", false)]
    [InlineData("namespace Licensing.Kernel;", false)]
    [InlineData("        using var read = Open();", true)]
    [InlineData("        await using var read = Open();", true)]
    [InlineData("        return start; // Why.", true)]
    public void Code_is_what_is_neither_blank_nor_comment_nor_brace_nor_directive(string line, bool code) => IsCode(line).ShouldBe(code);

    private static bool IsCode(string line) =>
        line.Any(char.IsLetterOrDigit)
        && !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
        && !line.StartsWith("using ", StringComparison.Ordinal)
        && !line.StartsWith("namespace ", StringComparison.Ordinal);
}
