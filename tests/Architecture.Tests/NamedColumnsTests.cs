using System.Text.RegularExpressions;

namespace Licensing.Architecture.Tests;

/// <summary>
/// A statement whose columns are not named changes its result with the table, and every connection that has it prepared fails once
/// (ADR 0023). SQL that EF is given is sent as it is written unless something is composed upon it; then EF names the columns around it.
/// </summary>
public sealed partial class NamedColumnsTests
{
    private static readonly HashSet<string> Composing =
    [
        "OrderBy", "OrderByDescending", "Where", "Select", "Take", "Within", "Live", "LiveFirst", "SingleAsync", "SingleOrDefaultAsync", "FirstAsync",
        "FirstOrDefaultAsync", "AnyAsync", "CountAsync",
    ];

    // They hand out a query; whoever takes it composes upon it.
    private static readonly string[] HandedOut = ["EditionsOnSale.cs", "InvoiceSearch.cs", "ListSubscriptions.cs", "PendingDeletions.cs"];

    [Fact]
    public void What_EF_reads_by_SQL_of_our_own_names_its_columns()
    {
        var files = Directory.EnumerateFiles(Path.Combine(Checkout.Folder, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !HandedOut.Contains(Path.GetFileName(f))).ToList();
        files.Sum(file => Calls(File.ReadAllText(file)).Count()).ShouldBeGreaterThan(10);

        files.SelectMany(file => Calls(File.ReadAllText(file)).Where(call => !call.Named).Select(call => $"{Path.GetFileName(file)}: {call.Sql}"))
            .ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""db.X.FromSql($"select * from x where a = {f(1)} for update").ToListAsync(ct)""", false)]
    [InlineData("""db.X.FromSql($"select * from x").AsNoTracking().ToDictionaryAsync(x => x.Id, ct)""", false)]
    [InlineData("""db.X.FromSqlRaw(sql, [.. parameters]).AsNoTracking().ToListAsync(ct)""", false)]
    [InlineData("""db.X.FromSqlRaw("select f.* from x f", ps)\n    .AsNoTracking()\n    .ToListAsync(ct)""", false)]
    [InlineData("""return db.X.FromSql($"select s.* from x s");""", false)]
    [InlineData("""db.X.FromSql($"select * from x").AsNoTracking().SingleAsync(ct)""", true)]
    [InlineData("""db.X.FromSql($"select * from x")\n    .OrderBy(x => x.Id).ToListAsync(ct)""", true)]
    [InlineData("""db.X.FromSql($"select id, name from x where b in (select * from y)").ToListAsync(ct)""", true)]
    public void SQL_that_does_not_name_its_columns_is_found(string code, bool named) =>
        Calls(code.Replace("\\n", "\n", StringComparison.Ordinal)).ShouldHaveSingleItem().Named.ShouldBe(named);

    private static IEnumerable<(string Sql, bool Named)> Calls(string code)
    {
        foreach (var call in FromSql().Matches(code).Cast<Match>())
        {
            var (end, depth) = (call.Index + call.Length, 1);
            for (; depth > 0; end++)
                depth += code[end] switch { '(' => 1, ')' => -1, _ => 0 };
            var sql = code[(call.Index + call.Length)..(end - 1)];
            var next = Next().Match(code, end);
            yield return (sql, (next.Success && Composing.Contains(next.Groups["name"].Value)) || NamesColumns().IsMatch(sql));
        }
    }

    [GeneratedRegex(@"\.FromSql(Raw|Interpolated)?\(")]
    private static partial Regex FromSql();

    [GeneratedRegex(@"\G(\s*\.AsNoTracking\(\))?\s*\.(?<name>\w+)")]
    private static partial Regex Next();

    // Up to its own "from" nothing is a star.
    [GeneratedRegex(@"^\$?""+\s*select (?<columns>[^*]+?)\s+from\b")]
    private static partial Regex NamesColumns();
}
