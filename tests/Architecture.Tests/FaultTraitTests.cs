using System.Text.RegularExpressions;

namespace Licensing.Architecture.Tests;

/// <summary>What the README of the faults names is run by <c>build/faults</c>, which chooses tests by their trait and not by their name.</summary>
public sealed partial class FaultTraitTests
{
    [GeneratedRegex("""Trait\("Fault", "(F\d\d)"\)""")]
    private static partial Regex Trait();

    [GeneratedRegex(@"^\| (F\d\d) ", RegexOptions.Multiline)]
    private static partial Regex Row();

    [Fact]
    public void Every_fault_of_the_table_has_a_test_with_its_trait_and_every_trait_its_row()
    {
        var tests = Path.Combine(Checkout.Folder, "tests");
        var traits = Directory.EnumerateFiles(tests, "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Trait().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).Distinct();
        var rows = Row().Matches(File.ReadAllText(Path.Combine(tests, "Faults.Tests", "README.md"))).Select(match => match.Groups[1].Value)
            .Distinct().ToList();
        rows.Count.ShouldBeGreaterThan(20);
        traits.ShouldBe(rows, ignoreOrder: true);
    }
}
