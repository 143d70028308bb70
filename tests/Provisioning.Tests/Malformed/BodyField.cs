namespace Licensing.Provisioning.Tests.Malformed;

/// <summary>One documented field of a body, and what it must not take.</summary>
/// <param name="Name">With dots where it is nested.</param>
/// <param name="Good">A value that it takes, as JSON; <c>$words</c> in it stand for what a branch has. Null for an object that its fields make
/// up.</param>
internal sealed record BodyField(string Name, string? Good)
{
    private static readonly string Digits = new('9', 400);
    private static readonly string[] Controls = ["a\u0001b", "a\u001b[2Jb", "a\u007fb", "a\u0085b"];
    private static readonly string[] Numbers = ["-1", "1.5", "1e400", "-1e400", "1e-400", Digits];
    private static readonly string[] Structures = ["[]", "[1]", "[null]", "{\"x\":1}"];

    // Half pairs, a pair the wrong way round, and the one character that no column takes.
    private static readonly string[] NoTexts = ["\"\\ud800\"", "\"a\\udc00b\"", "\"\\udc00\\ud800\"", "\"\\u0000\"", "\"a\\u0000b\""];

    public bool Required { get; init; }

    /// <summary>What is no value of it, as JSON.</summary>
    public required IReadOnlyList<string> WrongJson { get; init; }

    /// <summary>What is no value of it when all there is are texts, as in a form; in JSON too.</summary>
    public IReadOnlyList<string> WrongTexts { get; init; } = [];

    public string Leaf => Name[(Name.LastIndexOf('.') + 1)..];

    /// <summary>An integer of the signed door.</summary>
    public static BodyField Quantity(string name, int good, int least = 0, int most = 1_000_000) => new(name, $"{good}")
    {
        WrongJson = [.. Structures, .. NoTexts, .. Numbers, "null", "true", "false", "{}", "\"\"", $"\"{good}\"", "5.0", "5e0", "5E400", "-0.5",
            $"{least - 1}", $"{most + 1}", "9223372036854775808"],
    };

    /// <summary>A text of the signed door, where null and nothing are no texts.</summary>
    public static BodyField SignedText(string name, string good, int longest, bool required = false) => new(name, $"\"{good}\"")
    {
        Required = required,
        WrongJson = [.. Structures, .. NoTexts, .. Numbers, "null", "true", "false", "{}", "0"],
        WrongTexts = [.. Controls, "a\r\nb", "\t", "", "   ", new('x', longest + 1), new('x', 20_000), "a\u202Eb"],
    };

    public static BodyField Object(string name, bool required = false, bool mayBeEmpty = false) => new(name, null)
    {
        Required = required,
        WrongJson = [.. Structures, .. NoTexts, .. Numbers, "null", "true", "false", "\"\"", "\"x\"", "0", .. mayBeEmpty ? (string[])[] : ["{}"]],
    };

    /// <summary>A text of the customer area, where null and nothing say nothing.</summary>
    public static BodyField Text(string name, string good, int longest, bool required = false, bool lines = false, bool anyCharacter = false) =>
        new(name, $"\"{good}\"")
        {
            Required = required,
            WrongJson = [.. Structures, .. NoTexts, .. Numbers, "true", "false", "{}", "1", .. Nothing(required)],
            WrongTexts = [.. anyCharacter ? [] : Controls, .. lines || anyCharacter ? (string[])[] : ["a\r\nb", "a\tb"], new('x', longest + 1),
            new('x', 20_000)],
        };

    /// <summary>A text of the customer area that is one of few.</summary>
    public static BodyField Word(string name, string good, bool required, params string[] wrong) => new(name, $"\"{good}\"")
    {
        Required = required,
        WrongJson = [.. Structures, .. NoTexts, .. Numbers, "true", "{}", "1", .. Nothing(required)],
        WrongTexts = [.. Controls, .. wrong, "a\r\nb", new('x', 20_000)],
    };

    /// <summary>A number of the customer area, which takes it as a text too.</summary>
    public static BodyField Number(string name, string good, bool required = false) => new(name, good)
    {
        Required = required,
        WrongJson = [.. Structures, .. NoTexts, .. Numbers, "true", "false", "{}", "2147483648", "1.0", "1e0", .. Nothing(required)],
        WrongTexts = [.. Controls, .. Numbers, "x", "0x1", "1 1", "+1", "1,0", "٣", "2147483648", "1\r\n2", new('1', 20_000)],
    };

    public static BodyField Flag(string name) => new(name, "false")
    {
        WrongJson = [.. Structures, .. NoTexts, .. Numbers, "{}", "2", "1.0", "0e0"],
        WrongTexts = [.. Controls, .. Numbers, "maybe", "yes", "2", "true false", new('1', 20_000)],
    };

    private static string[] Nothing(bool required) => required ? ["null", "\"\"", "\"   \""] : [];
}
