using System.Text.RegularExpressions;

namespace Licensing.Host.Database;

/// <summary>Cuts a migration into statements, so that a failure names its place and a run can go on where it stopped.</summary>
internal static partial class SqlScript
{
    internal sealed record Statement(string Text, int Line);

    public static IReadOnlyList<Statement> Split(string sql)
    {
        var statements = new List<Statement>();
        int start = 0, place = 0;
        var hasContent = false;
        foreach (var token in Tokens().EnumerateMatches(sql))
        {
            hasContent |= !sql.AsSpan(place, token.Index - place).IsWhiteSpace();
            place = token.Index + token.Length;
            if (sql[token.Index] == ';')
                Cut(token.Index);
            else
                hasContent |= !IsComment(sql.AsSpan(token.Index, token.Length));
        }

        hasContent |= !sql.AsSpan(place).IsWhiteSpace();
        Cut(sql.Length);
        return statements;

        void Cut(int end)
        {
            if (hasContent)
            {
                var text = sql[start..end];
                var first = start + text.Length - text.TrimStart().Length;
                statements.Add(new Statement(text.Trim(), 1 + sql.AsSpan(0, first).Count('\n')));
            }

            (start, hasContent) = (end + 1, false);
        }
    }

    private static bool IsComment(ReadOnlySpan<char> token) => token.StartsWith("--") || token.StartsWith("/*");

    // Everything inside which a semicolon means nothing: comments (block comments nest), strings, quoted names, dollar quotes.
    [GeneratedRegex("""
        --[^\n]*
        | /\*(?>[^*/]+|\*(?!/)|/(?!\*)|(?<open>/\*)|(?<-open>\*/))*(?(open)(?!))\*/
        | (?<!\w)[eE]'(?>[^'\\]|\\.|'')*'
        | '(?>[^']|'')*'
        | "(?>[^"]|"")*"
        | (?<![\w$])\$(?<tag>[A-Za-z_]\w*|)\$.*?\$\k<tag>\$
        | ;
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Tokens();
}
