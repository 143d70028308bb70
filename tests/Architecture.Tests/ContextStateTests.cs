using System.Reflection;
using Licensing.Kernel.Persistence;

namespace Licensing.Architecture.Tests;

/// <summary>A context is used again by other requests (ADR 0029): what one would leave in a field another would find there.</summary>
public sealed class ContextStateTests
{
    [Fact]
    public void Contexts_keep_nothing_of_their_own_between_requests()
    {
        var contexts = Directory.GetFiles(AppContext.BaseDirectory, "Licensing.*.dll").Select(f => Assembly.Load(Path.GetFileNameWithoutExtension(f)))
            .SelectMany(a => a.GetTypes()).Where(t => t.IsSubclassOf(typeof(ModuleDb))).ToList();
        contexts.Count.ShouldBeGreaterThan(4);

        contexts.SelectMany(FieldsOf).ShouldBeEmpty();
        FieldsOf(typeof(ModuleDb)).ShouldBe(["ModuleDb.<Session>k__BackingField"]);
    }

    private static IEnumerable<string> FieldsOf(Type context) => context
        .GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        .Select(f => $"{context.Name}.{f.Name}");
}
