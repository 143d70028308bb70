using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using ModuleDefinition = Licensing.Kernel.ModuleDefinition;

namespace Licensing.Architecture.Tests;

/// <summary>A module reads and writes its own schema; what it needs of another's it asks through the contracts.</summary>
public sealed class OtherSchemasTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task No_sql_in_a_module_names_a_table_of_another()
    {
        var modules = app.Services.GetServices<ModuleDefinition>().ToList();
        var relations = await RelationsAsync();
        modules.Select(m => m.Schema).Except(relations.Select(r => r.Key)).ShouldBeEmpty();

        modules.SelectMany(module => Literals(module.Assembly).SelectMany(text => Named(text, relations.Where(r => r.Key != module.Schema)))
            .Select(other => $"{module.Schema} names {other}")).ShouldBeEmpty();
    }

    [Fact]
    public async Task No_sql_in_the_kernel_names_a_table_of_a_module()
    {
        var modules = app.Services.GetServices<ModuleDefinition>().Select(m => m.Schema).ToHashSet();
        var relations = (await RelationsAsync()).Where(r => modules.Contains(r.Key)).ToList();

        Literals(typeof(ModuleDefinition).Assembly).SelectMany(text => Named(text, relations)).ShouldBeEmpty();
    }

    private static IEnumerable<string> Named(string text, IEnumerable<IGrouping<string, string>> relations) => relations.SelectMany(schema =>
    {
        var names = string.Join('|', schema.Select(Regex.Escape));
        return Regex.Matches(text, $"""\b{schema.Key}"?\s*[.]\s*"?(?:{names})\b""", RegexOptions.IgnoreCase).Select(m => m.Value);
    });

    // As the migrations have left them, with the tables that the kernel puts into every schema.
    private Task<List<IGrouping<string, string>>> RelationsAsync() => app.InAsync<DbSession, List<IGrouping<string, string>>>(async session =>
    {
        await using var command = new NpgsqlCommand(
            """
            select n.nspname, x.name from pg_namespace n
            join (select relnamespace as namespace, relname::text as name from pg_class where relkind in ('r', 'p', 'v', 'm', 'S')
                union select pronamespace, proname::text from pg_proc) x on x.namespace = n.oid
            where n.nspname not like 'pg\_%' and n.nspname not in ('information_schema', 'public')
            """, await session.OpenAsync(TestContext.Current.CancellationToken));
        var found = new List<(string Schema, string Name)>();
        await using var rows = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await rows.ReadAsync(TestContext.Current.CancellationToken))
            found.Add((rows.GetString(0), rows.GetString(1)));
        return [.. found.GroupBy(x => x.Schema, x => x.Name)];
    });

    // Of the compiled module: every text that its code loads, also the parts of interpolated and concatenated ones.
    private static List<string> Literals(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        var metadata = file.GetMetadataReader();
        var texts = new List<string>();
        for (var handle = metadata.GetNextHandle(default(UserStringHandle)); !handle.IsNil; handle = metadata.GetNextHandle(handle))
            texts.Add(metadata.GetUserString(handle));
        texts.Count.ShouldBeGreaterThan(100);
        return texts;
    }
}
