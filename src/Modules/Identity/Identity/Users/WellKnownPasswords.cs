using System.Collections.Frozen;

namespace Licensing.Identity.Users;

/// <summary>
/// The passwords that are tried first. Nobody's stolen list: those of <c>common-passwords.txt</c>, and what people are known to make of
/// the same few words, rows of keys and runs of letters and digits, made here by the rules by which they make it.
/// </summary>
internal static class WellKnownPasswords
{
    // Shorter ones are in the file where they matter, and with digits around them are looked up without.
    private const int Shortest = 8;

    private static readonly string[] Words =
    [
        .. "password welcome admin letmein iloveyou monkey dragon football baseball basketball sunshine princess superman".Split(' '),
        .. "batman master shadow michael jordan charlie daniel jessica ashley jennifer michelle thomas robert anthony".Split(' '),
        .. "matthew andrew hunter maggie ginger pepper tigger summer winter spring autumn monday friday flower butterfly".Split(' '),
        .. "purple orange yellow silver golden cookie chocolate banana cheese coffee secret security computer internet".Split(' '),
        .. "keyboard qwerty login access system server office company windows google facebook youtube microsoft samsung".Split(' '),
        .. "apple android pokemon minecraft starwars hello goodbye freedom forever lovely angel baby heaven jesus money".Split(' '),
        .. "happy lucky family friend mother father sister brother soccer hockey tennis london berlin paris america germany".Split(' '),
        .. "hallo passwort geheim sommer schatz fussball willkommen bonjour motdepasse soleil amour hola contrasena".Split(' '),
    ];

    private static readonly string[] Openings =
    [
        .. "ilove ilovemy ihate iam iamthe my mylittle thisis thisismy welcome welcometo letmein letmeinto hello goodbye the".Split(' '),
        .. "mynameis myfavorite forever always super mega big little sweet ichliebe ichbin meine jaime jetaime teamo".Split(' '),
    ];

    private static readonly string[][] Keyboards =
    [
        ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"],
        ["1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm"],
        ["1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn"],
    ];

    private static readonly string[] Columns = ["1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm"];

    private static readonly FrozenSet<string> Known =
        Listed().Concat(Pairs()).Concat(Phrases()).Concat(Walks()).Concat(Runs()).ToFrozenSet(StringComparer.Ordinal);

    /// <summary>Lower case, and written with the letters that digits and signs stand for in it, or as they are.</summary>
    public static IReadOnlySet<string> All => Known;

    private static string[] Listed()
    {
        var name = $"{typeof(WellKnownPasswords).Namespace}.common-passwords.txt";
        using var reader = new StreamReader(typeof(WellKnownPasswords).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }

    private static IEnumerable<string> Pairs() => Long(from first in Words from second in Words select first + second);

    private static IEnumerable<string> Phrases() => Long(from opening in Openings from word in Words select opening + word);

    // Keys beside each other: runs of one row, whole rows, the beginnings of two and three rows in step, and columns, each in both directions.
    private static IEnumerable<string> Walks()
    {
        foreach (var keyboard in Keyboards)
        {
            var rows = keyboard.SelectMany(BothWays).ToList();
            foreach (var row in rows)
                for (var start = 0; start < row.Length; start++)
                    for (var end = start + 4; end <= row.Length; end++)
                        yield return row[start..end];
            foreach (var (one, two) in from one in rows from two in rows select (one, two))
            {
                yield return one + two;
                for (var length = 4; length <= 7; length++)
                {
                    if (one.Length < length || two.Length < length)
                        continue;
                    yield return one[..length] + two[..length];
                    foreach (var three in rows.Where(r => r.Length >= length))
                        yield return one[..length] + two[..length] + three[..length];
                }
            }
        }

        var columns = Columns.SelectMany(BothWays).ToList();
        foreach (var three in from one in columns from two in columns from other in columns select one + two + other)
            yield return three;
    }

    // Counting up or down from anywhere, and the same with each sign said twice.
    private static IEnumerable<string> Runs()
    {
        foreach (var row in new[] { "0123456789", "abcdefghijklmnopqrstuvwxyz" })
            foreach (var way in BothWays(row))
                for (var start = 0; start < way.Length; start++)
                    for (var length = Shortest; length <= 20; length++)
                    {
                        var run = string.Concat(Enumerable.Range(start, length).Select(i => way[i % way.Length]));
                        yield return run;
                        yield return string.Concat(run[..(length / 2)].Select(c => new string(c, 2)));
                    }
    }

    private static string[] BothWays(string row) => [row, string.Concat(row.Reverse())];

    private static IEnumerable<string> Long(IEnumerable<string> composed) => composed.Where(p => p.Length >= Shortest);
}
