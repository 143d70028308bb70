using System.Reflection;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Architecture.Tests;

/// <summary>A context is used again by other requests (ADR 0029): what one would leave in a field another would find there.</summary>
public sealed class ContextStateTests
{
    [Fact]
    public void Contexts_keep_nothing_of_their_own_between_requests()
    {
        var contexts = Types().Where(t => t.IsSubclassOf(typeof(ModuleDb))).ToList();
        contexts.Count.ShouldBeGreaterThan(4);

        contexts.SelectMany(FieldsOf).ShouldBeEmpty();
        FieldsOf(typeof(ModuleDb)).ShouldBe(["ModuleDb.<Session>k__BackingField"]);
    }

    [Fact]
    public void Nobody_but_the_scope_takes_a_context_from_the_pool() => Types()
        .SelectMany(t => t.GetConstructors(Declared)).SelectMany(c => c.GetParameters())
        .Where(p => p.ParameterType is { IsGenericType: true } of && of.GetGenericTypeDefinition() == typeof(IDbContextFactory<>))
        .Select(p => p.Member.DeclaringType!.FullName).ShouldBeEmpty();

    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static IEnumerable<Type> Types() => Directory.GetFiles(AppContext.BaseDirectory, "Licensing.*.dll")
        .Select(f => Assembly.Load(Path.GetFileNameWithoutExtension(f))).SelectMany(a => a.GetTypes());

    private static IEnumerable<string> FieldsOf(Type context) => context
        .GetFields(Declared).Select(f => $"{context.Name}.{f.Name}");
}
