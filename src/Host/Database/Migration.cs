using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Licensing.Kernel;
using Licensing.Kernel.Persistence;

namespace Licensing.Host.Database;

/// <summary>One reviewed SQL file. Its name and text are fixed from the moment it has run anywhere.</summary>
internal sealed partial record Migration(string Module, string Name, string Sql, string Checksum)
{
    internal const string KernelModule = "kernel";
    private const string KernelFolder = "Licensing.Kernel.Persistence.Migrations.";

    /// <summary>The kernel's own first, then per module, in registration order, the messaging tables and the module's files.</summary>
    public static IReadOnlyList<Migration> Of(IEnumerable<ModuleDefinition> modules)
    {
        var own = Read(typeof(ModuleDb).Assembly, KernelFolder, KernelModule);
        var everyModule = own.Where(m => m.ForEveryModule).ToList();
        var all = own.Where(m => !m.ForEveryModule).ToList();
        foreach (var module in modules)
        {
            all.AddRange(everyModule.Select(m => m with { Module = module.Schema, Sql = m.Sql.Replace("{schema}", module.Schema) }));
            all.AddRange(Read(module.Assembly, FolderOf(module.Db), module.Schema));
        }

        return all;
    }

    // Kernel files numbered 0000 are templates that run in every module's schema, before the module's own.
    public bool ForEveryModule => Name.StartsWith("0000_", StringComparison.Ordinal);

    /// <summary>What cannot run in a transaction (<c>create index concurrently</c>) says so in its first line.</summary>
    public bool WithoutTransaction => Sql.StartsWith("-- no transaction\n", StringComparison.Ordinal);

    private static string FolderOf(Type db) => db.Namespace!.EndsWith(".Data", StringComparison.Ordinal)
        ? $"{db.Namespace}.Migrations."
        : $"{db.Namespace}.Data.Migrations.";

    private static List<Migration> Read(Assembly assembly, string folder, string module)
    {
        var found = new List<Migration>();
        var resources = assembly.GetManifestResourceNames().Where(n => n.StartsWith(folder, StringComparison.Ordinal));
        foreach (var resource in resources.Order(StringComparer.Ordinal))
        {
            var name = resource[folder.Length..^".sql".Length];
            if (!NamePattern().IsMatch(name) || (found.Count > 0 && found[^1].Name[..4] == name[..4]))
                throw new InvalidOperationException($"{module}/{name}.sql must have a number of its own and be named like 0002_add_notes.sql.");

            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            found.Add(From(module, name, reader.ReadToEnd()));
        }

        return found;
    }

    /// <summary>The file of this text.</summary>
    internal static Migration From(string module, string name, string text)
    {
        // Checkouts differ in line ends, and that is not a change.
        var sql = text.ReplaceLineEndings("\n");
        return new Migration(module, name, sql, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))));
    }

    [GeneratedRegex("^[0-9]{4}_[a-z0-9_]+$")]
    private static partial Regex NamePattern();
}
