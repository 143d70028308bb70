using Licensing.Host.Database;

namespace Licensing.Kernel.Tests.Database;

public sealed class SqlScriptTests
{
    [Theory]
    [InlineData("select 1; select 2", new[] { "select 1", "select 2" })]
    [InlineData("select 1;\n\n;; -- nothing;\n/* nothing; */", new[] { "select 1" })]
    [InlineData("select 'a;''b;', \"c;\"\"d;\"; select 2;", new[] { "select 'a;''b;', \"c;\"\"d;\"", "select 2" })]
    [InlineData("select E'it\\'s;' ; select 2", new[] { "select E'it\\'s;'", "select 2" })]
    [InlineData("select 'a\\'; select ';'", new[] { "select 'a\\'", "select ';'" })]
    [InlineData("-- first;\nselect 1", new[] { "-- first;\nselect 1" })]
    [InlineData("/* a; /* b; */ c; */ select 1; select 2", new[] { "/* a; /* b; */ c; */ select 1", "select 2" })]
    [InlineData("do $$ begin; end; $$; select 2", new[] { "do $$ begin; end; $$", "select 2" })]
    [InlineData("do $a$ x; $b$ y; $a$; select $1; select 3", new[] { "do $a$ x; $b$ y; $a$", "select $1", "select 3" })]
    public void Only_the_semicolons_between_statements_cut(string script, string[] statements) =>
        SqlScript.Split(script).Select(s => s.Text).ShouldBe(statements);

    [Fact]
    public void A_statement_knows_its_line() =>
        SqlScript.Split("select 1;\n\nselect\n2;\n  select 3").Select(s => s.Line).ShouldBe([1, 3, 5]);
}
