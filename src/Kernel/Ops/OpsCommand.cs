namespace Licensing.Kernel.Ops;

/// <summary>One command of the terminal, on the same handlers as the API. The host makes its command line from all of them.</summary>
/// <param name="Name">Words that lead to it, e.g. <c>messages list</c>.</param>
/// <param name="Summary">One line for the help.</param>
/// <param name="Arguments">In the order in which they are typed.</param>
/// <param name="RunAsync">A refusal goes to standard error; exit code 2 when it is about what was typed (Malformed), else 1.</param>
public sealed record OpsCommand(
    string Name, string Summary, IReadOnlyList<OpsArgument> Arguments, Func<OpsCall, CancellationToken, Task<Result<OpsAnswer>>> RunAsync);

/// <param name="Value">Anything that <see cref="Http.ApiJson"/> can write: a list becomes a table, one object a list of its fields.</param>
public sealed record OpsAnswer(object Value);

/// <param name="Name"><c>id</c> is typed by its place, <c>--state</c> by its name.</param>
/// <param name="Summary">One line for the help.</param>
/// <param name="Kind">How many values it takes.</param>
public sealed record OpsArgument(string Name, string Summary, OpsArgumentKind Kind = OpsArgumentKind.Optional);

public enum OpsArgumentKind { Optional, Required, Many, Flag }

/// <summary>What was typed, and a scope of services in which the caller is the system itself.</summary>
public sealed class OpsCall(IServiceProvider services, IReadOnlyDictionary<string, IReadOnlyList<string>> given)
{
    public IServiceProvider Services => services;

    /// <summary>To be told how many of how many are done; shown as a bar at a terminal.</summary>
    public Action<long, long>? Progress { get; init; }

    /// <summary>The value of an argument, under the name it was declared with; null when it was left out.</summary>
    public string? this[string argument] => All(argument) is [var only, ..] ? only : null;

    public IReadOnlyList<string> All(string argument) => given.GetValueOrDefault(argument) ?? [];

    public bool Has(string flag) => given.ContainsKey(flag);

    /// <summary>A refusal of what was typed.</summary>
    public static Refusal Wrong(string message) => new(RefusalKind.Malformed, "wrong_argument", message);
}
