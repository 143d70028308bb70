using System.Text.RegularExpressions;

namespace Licensing.Architecture.Tests;

/// <summary>docs/security.md says of each point which test shows it, or that none does; what it names is there.</summary>
public sealed partial class SecurityPointTests
{
    // What a point says that has no test, and says so.
    private static readonly string[] Honest = ["not covered", "not applicable", "no test"];

    private static readonly string Document = File.ReadAllText(Path.Combine(Checkout.Folder, "docs", "security.md"));

    [Fact]
    public void Every_test_that_it_names_exists()
    {
        var named = Named(Document).ToList();

        named.Count.ShouldBeGreaterThan(50);
        named.Where(name => !Exists(name)).ShouldBeEmpty();
    }

    [Fact]
    public void Every_point_names_a_test_or_says_that_there_is_none()
    {
        var points = Document.Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| point", StringComparison.Ordinal)).ToList();

        points.Count.ShouldBeGreaterThan(50);
        points.Where(point => !Named(point).Any() && !Honest.Any(word => point.Contains(word, StringComparison.OrdinalIgnoreCase))).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("SecurityPointTests", true)]
    [InlineData("SecurityPointTests.Every_test_that_it_names_exists", true)]
    [InlineData("SecurityPointTests.Every_test…", true)]
    [InlineData("SecurityPointTests.every_test…", false)]
    [InlineData("SecurityPointTests.Every_test", false)]
    [InlineData("SecurityPoint", false)]
    [InlineData("KernelSizeTests.Every_test_that_it_names_exists", false)]
    public void A_test_is_a_class_and_where_it_is_said_a_sentence_of_it(string name, bool exists) => Exists(name).ShouldBe(exists);

    private static bool Exists(string name)
    {
        var (type, sentence) = name.Split('.') is [var one, var other] ? (one, other) : (name, null);
        return Sources.Value.TryGetValue(type, out var methods)
            && (sentence is null
                || methods.Any(m => sentence.EndsWith('…') ? m.StartsWith(sentence[..^1], StringComparison.Ordinal) : m == sentence));
    }

    private static IEnumerable<string> Named(string text) => Name().Matches(text).Select(m => m.Groups[1].Value);

    // From the sources, since these tests reference no other tests. A class is known by its file's name, as everywhere here.
    private static readonly Lazy<Dictionary<string, List<string>>> Sources = new(() =>
        Directory.EnumerateFiles(Path.Combine(Checkout.Folder, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .Select(file => (Type: Path.GetFileNameWithoutExtension(file), Text: File.ReadAllText(file)))
            .Where(x => x.Text.Contains($"class {x.Type}", StringComparison.Ordinal))
            .GroupBy(x => x.Type, x => x.Text, StringComparer.Ordinal)
            .ToDictionary(
                x => x.Key,
                x => x.SelectMany(text => Method().Matches(text)).Select(m => m.Groups[1].Value).ToList(),
                StringComparer.Ordinal));

    [GeneratedRegex(@"`(\w+Tests(?:\.[\w…]+)?)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"    public (?:async )?(?:Task|void) (\w+)\(")]
    private static partial Regex Method();
}
