using System.Reflection;

namespace Licensing.Architecture.Tests;

/// <summary>What the build checks in project files, checked again in what was compiled.</summary>
public sealed class ModuleBoundaryTests
{
    private static readonly string[] Names = ["Identity", "Catalog", "Provisioning", "Usage", "Billing", "Commissions"];

    public static TheoryData<string> Modules => [.. Names];

    [Theory, MemberData(nameof(Modules))]
    public void A_module_references_only_the_kernel_the_doors_and_contracts(string module) =>
        Ours(Load(module)).Except(["Licensing.Kernel", "Licensing.Doors"])
            .Where(name => !name.EndsWith(".Contracts", StringComparison.Ordinal)).ShouldBeEmpty();

    [Theory, MemberData(nameof(Modules))]
    public void Contracts_reference_only_those_uphill_of_them(string module)
    {
        var allowed = Names.TakeWhile(n => n != module).Select(n => $"Licensing.{n}.Contracts").Append("Licensing.Kernel");

        Ours(Load($"{module}.Contracts")).Except(allowed).ShouldBeEmpty();
    }

    // What several modules map their methods with; it knows none of them (ADR 0067).
    [Fact]
    public void The_doors_reference_only_the_kernel() => Ours(Load("Doors")).ShouldBe(["Licensing.Kernel"]);

    [Fact]
    public void The_kernel_references_nothing_of_ours() => Ours(Load("Kernel")).ShouldBeEmpty();

    [Theory, MemberData(nameof(Modules))]
    public void A_module_shows_the_host_one_public_type(string module) =>
        Load(module).GetExportedTypes().Where(t => !t.IsNested).Select(t => t.Name).ShouldBe([$"{module}Module"]);

    [Theory, MemberData(nameof(Modules))]
    public void Contracts_change_only_on_purpose(string module)
    {
        var surface = string.Join('\n', Load($"{module}.Contracts").GetExportedTypes()
            .OrderBy(t => t.FullName, StringComparer.Ordinal)
            .SelectMany(Lines));
        var approved = Path.Combine(AppContext.BaseDirectory, "Approved", $"{module}.Contracts.txt");

        var received = Path.ChangeExtension(approved, ".received.txt");
        File.WriteAllText(received, surface + "\n");

        surface.ShouldBe(File.ReadAllText(approved).TrimEnd().ReplaceLineEndings("\n"),
            $"Contracts are promises. If this change is meant, put {received} into tests/Architecture.Tests/Approved/{module}.Contracts.txt.");
    }

    private static IEnumerable<string> Lines(Type type)
    {
        const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        if (type.IsEnum)
            return [$"{type.Name}: {string.Join(", ", Enum.GetNames(type))}"];

        var members = type.GetProperties(Declared).Where(p => p.Name != "EqualityContract")
            .Select(p => $"{type.Name}.{p.Name}: {NameOf(p.PropertyType)}")
            .Concat(type.GetFields(Declared).Select(f => $"{type.Name}.{f.Name}: {NameOf(f.FieldType)}"));
        if (type.IsInterface || type is { IsAbstract: true, IsSealed: true })
            members = members.Concat(type.GetMethods(Declared).Where(m => !m.IsSpecialName).Select(
                m => $"{type.Name}.{m.Name}({string.Join(", ", m.GetParameters().Select(p => NameOf(p.ParameterType)))}): {NameOf(m.ReturnType)}"));
        if (type.GetCustomAttribute<Licensing.Kernel.Messaging.MessageAttribute>() is { } message)
            members = members.Prepend($"{type.Name} = {message.Name}");
        return members.Order(StringComparer.Ordinal);
    }

    private static string NameOf(Type type) => !type.IsGenericType
        ? type.Name
        : $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";

    private static IEnumerable<string> Ours(Assembly assembly) =>
        assembly.GetReferencedAssemblies().Select(a => a.Name!).Where(name => name.StartsWith("Licensing.", StringComparison.Ordinal));

    private static Assembly Load(string name) => Assembly.Load($"Licensing.{name}");
}
