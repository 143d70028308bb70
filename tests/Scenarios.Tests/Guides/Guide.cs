using System.Text.RegularExpressions;

namespace Licensing.Scenarios.Tests.Guides;

/// <summary>A fenced block of a guide.</summary>
/// <param name="Language">Its first word: <c>sh</c>, <c>csharp</c> and <c>python</c> are run, in the guide's order.</param>
/// <param name="File">Its second word: the name under which the reader keeps it, for blocks after it.</param>
/// <param name="Text">What is in it.</param>
/// <param name="Line">Where it begins.</param>
/// <param name="Prints">The <c>text</c> block right below: what it prints, <c>…</c> standing for anything.</param>
internal sealed record GuideBlock(string Language, string File, string Text, int Line, string? Prints)
{
    /// <summary>In place of the file's name, of a block that no test can run.</summary>
    public const string NotRun = "not-run";

    public bool IsProgram => Language is "sh" or "bash" or "csharp" or "python";

    public bool IsRun => IsProgram && File != NotRun;
}

/// <summary>A page of <c>docs/guides</c>.</summary>
internal sealed partial record Guide(string Name, string Text, IReadOnlyList<GuideBlock> Blocks)
{
    public static string Folder { get; } = Path.Combine(Checkout.Folder, "docs", "guides");

    public static IReadOnlyList<string> Names { get; } =
        [.. Directory.GetFiles(Folder, "*.md").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    public static Guide Read(string name)
    {
        var text = File.ReadAllText(Path.Combine(Folder, name + ".md")).ReplaceLineEndings("\n");
        var found = Fence().Matches(text).ToList();
        var blocks = found.Select((m, i) => new GuideBlock(
            m.Groups["language"].Value, m.Groups["file"].Value, m.Groups["text"].Value, text[..m.Index].Count(c => c == '\n') + 1,
            i + 1 < found.Count && found[i + 1].Groups["language"].Value == "text"
            && text[(m.Index + m.Length)..found[i + 1].Index].Trim().Length == 0
                ? found[i + 1].Groups["text"].Value
                : null));
        return new Guide(name, text, [.. blocks]);
    }

    /// <summary>The permissions that it says its key needs, and the name that it has for the key; none where it takes the whole role.</summary>
    public (string Key, IReadOnlyList<string> Permissions) Needs()
    {
        var section = Text.Split("\n## What you need\n") is [_, var rest, ..] ? rest.Split("\n## ")[0] : "";
        return (section.Contains("export PLATFORM_KEY=", StringComparison.Ordinal) ? "PLATFORM_KEY" : "KEY",
            [.. Permission().Matches(section).Select(m => m.Groups[1].Value)]);
    }

    /// <summary>Where its links lead that lead to a file.</summary>
    public IEnumerable<string> Links() => Link().Matches(Text)
        .Select(m => m.Groups[1].Value.Split('#')[0]).Where(l => l.Length > 0 && !l.Contains("://", StringComparison.Ordinal));

    /// <summary>Whether something was printed as a guide says.</summary>
    public static bool IsLike(string printed, string said) => Regex.IsMatch(
        printed.ReplaceLineEndings("\n").Trim(), $"^{Regex.Escape(said.Trim()).Replace("…", ".*")}$", RegexOptions.Singleline);

    [GeneratedRegex("^```(?<language>[a-z]+)(?: (?<file>[^\n]+))?\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("`([a-z_]+\\.[a-z_]+\\.[a-z_]+)`")]
    private static partial Regex Permission();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
