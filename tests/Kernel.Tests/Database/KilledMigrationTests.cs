using System.Collections.Concurrent;
using Licensing.Host.Database;

namespace Licensing.Kernel.Tests.Database;

/// <summary>kill -9 inside migrations, and several processes that migrate at once (F55).</summary>
public sealed class KilledMigrationTests
{
    // After each statement, and after the commit of each file.
    private static readonly int Points = Migration.Of(Tower.Modules).Sum(m => SqlScript.Split(m.Sql).Count + 1);

    [Fact]
    public async Task A_run_killed_at_any_statement_is_finished_by_the_next()
    {
        Points.ShouldBeGreaterThanOrEqualTo(28);
        var (whole, exitCode) = await SchemaAfterAsync(fault: Points + 1);
        exitCode.ShouldBe(0);

        var different = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(Enumerable.Range(1, Points), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (point, _) =>
        {
            var (schema, killed) = await SchemaAfterAsync(point);
            if (killed != Child.Killed || schema != whole)
                different.Add($"Killed at {point} (exit {killed}):\n{schema}");
        });
        different.ShouldBeEmpty(whole);
    }

    [Fact]
    public async Task Of_processes_that_migrate_at_once_one_applies_each_file()
    {
        var database = await TestPostgres.CreateEmptyAsync(TestContext.Current.CancellationToken);
        var children = await Task.WhenAll(Enumerable.Range(1, 3).Select(_ => Child.StartAsync("migrate", database)));
        var results = await Task.WhenAll(children.Select(c => c.GoAsync()));
        results.Select(r => r.ExitCode).ShouldBe([0, 0, 0]);
        results.SelectMany(r => r.Lines).ShouldBe(Migration.Of(Tower.Modules).Select(m => $"{m.Module}/{m.Name}"), ignoreOrder: true);
        foreach (var child in children)
            child.Dispose();
        await TestPostgres.DropAsync(database);
    }

    private static async Task<(string Schema, int ExitCode)> SchemaAfterAsync(int fault)
    {
        var database = await TestPostgres.CreateEmptyAsync(TestContext.Current.CancellationToken);
        try
        {
            int exitCode;
            using (var child = await Child.StartAsync("migrate", database, $"migration.statement:{fault}"))
                (exitCode, _) = await child.GoAsync();

            await using var tower = Tower.Open(database, TimeProvider.System);
            await tower.Migrator.ApplyAsync(CancellationToken.None);
            return (await tower.ScalarAsync<string>(Catalog), exitCode);
        }
        finally
        {
            await TestPostgres.DropAsync(database);
        }
    }

    // Everything that a migration can make, as text, so that a difference can be read.
    private const string Catalog = """
        select string_agg(line, E'\n' order by line) from (
            select format(
                'column %s.%s.%s %s %s %s %s',
                table_schema, table_name, ordinal_position, column_name, data_type, is_nullable, column_default) as line
            from information_schema.columns where table_schema in ('kernel', 'bells', 'tally')
            union all
            select format('constraint %s %s', conname, pg_get_constraintdef(oid)) from pg_constraint
            where connamespace::regnamespace::text in ('kernel', 'bells', 'tally')
            union all
            select format('index %s valid %s', pg_get_indexdef(i.indexrelid), i.indisvalid) from pg_index i join pg_class c on c.oid = i.indexrelid
            where c.relnamespace::regnamespace::text in ('kernel', 'bells', 'tally')
            union all
            select format('function %s', pg_get_functiondef(oid)) from pg_proc where pronamespace::regnamespace::text in ('kernel', 'bells', 'tally')
            union all
            select format('relation %s.%s %s %s', relnamespace::regnamespace, relname, relkind, reloptions) from pg_class
            where relnamespace::regnamespace::text in ('kernel', 'bells', 'tally')
            union all
            select format('applied %s/%s %s', module, name, checksum) from kernel.migrations
            union all
            select format('half applied %s/%s', module, name) from kernel.migration_progress
        ) catalog
        """;
}
