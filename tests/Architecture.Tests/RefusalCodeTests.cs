using System.Text.RegularExpressions;

namespace Licensing.Architecture.Tests;

/// <summary>Clients switch on a refusal's code, so each stands in its module's documents with what it means.</summary>
public sealed partial class RefusalCodeTests
{
    private static readonly string Modules = Path.Combine(Checkout.Folder, "src", "Modules");

    public static TheoryData<string> All =>
        [.. Directory.EnumerateDirectories(Modules).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(All))]
    public void Each_code_is_documented(string module)
    {
        var documents = string.Concat(Files(module, "*.md").Select(File.ReadAllText));
        var codes = Files(module, "*.cs").SelectMany(file => Codes(File.ReadAllText(file))).ToHashSet(StringComparer.Ordinal);
        codes.ShouldNotBeEmpty();

        codes.Where(code => !documents.Contains($"`{code}`", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""new(RefusalKind.Conflict, "already_there", "Already.")""", "already_there")]
    [InlineData("""new Refusal(\n    RefusalKind.NotFound,\n    "gone", message)""", "gone")]
    [InlineData("""RefusalKind.NotFound => "gone" """, null)]
    public void A_code_is_found(string code, string? found) =>
        Codes(code.Replace("\\n", "\n", StringComparison.Ordinal)).SingleOrDefault().ShouldBe(found);

    private static IEnumerable<string> Files(string module, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Modules, module), pattern, SearchOption.AllDirectories);

    private static IEnumerable<string> Codes(string code) => Literal().Matches(code).Select(match => match.Groups["code"].Value);

    [GeneratedRegex(@"RefusalKind\.\w+,\s*""(?<code>[a-z0-9_]+)""")]
    private static partial Regex Literal();
}
