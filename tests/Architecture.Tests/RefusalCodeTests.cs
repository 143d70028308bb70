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
        var codes = Files(module, "*.cs").Select(File.ReadAllText)
            .SelectMany(code => OfRequests(code).Concat(OfFields(code)))
            .ToHashSet(StringComparer.Ordinal);
        codes.ShouldNotBeEmpty();

        codes.Where(code => !documents.Contains($"`{code}`", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""new(RefusalKind.Conflict, "already_there", "Already.")""", "already_there")]
    [InlineData("""new Refusal(\n    RefusalKind.NotFound,\n    "gone", message)""", "gone")]
    [InlineData("""RefusalKind.NotFound => "gone" """, null)]
    public void A_code_of_a_request_is_found(string code, string? found) => OfRequests(Lines(code)).SingleOrDefault().ShouldBe(found);

    [Theory]
    [InlineData("""rule.Must(name => name is null || Pattern().IsMatch(name)).WithErrorCode("malformed")""", "malformed")]
    [InlineData("""Refusal.Field("/pem", "private_key", "pem holds a private key.")""", "private_key")]
    [InlineData("""Refusal.Field(\n    $"/{field}",\n    "not_there", message)""", "not_there")]
    [InlineData("""new FieldError(pointer, "cells", message)""", "cells")]
    [InlineData("""new FieldError(JsonPointer.Of("rows", row), "duplicate", message)""", "duplicate")]
    [InlineData("""FieldError Gap(int i) => new($"/tiers/{i}/from", "gap", "There is a gap.")""", "gap")]
    [InlineData("""yield return new($"{at}/{feature}", "falls", message)""", "falls")]
    [InlineData("""FieldError Low(string pointer) => new(pointer, "low", message)""", "low")]
    [InlineData("""Refusal.Field(pointer, broken.Code, "is broken")""", null)]
    [InlineData("""new("billing.read", "invoices", "Reads invoices.")""", null)]
    public void A_code_of_a_field_is_found(string code, string? found) => OfFields(Lines(code)).SingleOrDefault().ShouldBe(found);

    private static string Lines(string code) => code.Replace("\\n", "\n", StringComparison.Ordinal);

    private static IEnumerable<string> Files(string module, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Modules, module), pattern, SearchOption.AllDirectories);

    private static IEnumerable<string> OfRequests(string code) => Literal().Matches(code).Select(match => match.Groups["code"].Value);

    private static IEnumerable<string> OfFields(string code) => FieldLiteral().Matches(code).Select(match => match.Groups["code"].Value);

    [GeneratedRegex(@"RefusalKind\.\w+,\s*""(?<code>[a-z0-9_]+)""")]
    private static partial Regex Literal();

    // Where the type is said elsewhere, a pointer is what looks like one.
    private const string Untyped = @"\bnew\(\s*(\$?""([/?]|\{at\})[^""]*""|pointer),";

    // The first argument is the pointer: text, or an expression with calls in it.
    [GeneratedRegex(
        @"(WithErrorCode\(|(Refusal\.Field|FieldError)\((""[^""]*""|\([^()]*\)|[^"",()])+,|" + Untyped + @")\s*""(?<code>[a-z0-9_]+)""",
        RegexOptions.ExplicitCapture)]
    private static partial Regex FieldLiteral();
}
