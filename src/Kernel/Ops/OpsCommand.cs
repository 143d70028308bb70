using System.Globalization;
using Licensing.Kernel.Http;

namespace Licensing.Kernel.Ops;

/// <summary>One command of the terminal, on the same handlers as the API. The host makes its command line from all of them.</summary>
/// <param name="Name">Words that lead to it, e.g. <c>messages list</c>.</param>
/// <param name="Summary">One line for the help.</param>
/// <param name="Arguments">In the order in which they are typed.</param>
/// <param name="RunAsync">A refusal goes to standard error; exit code 2 when it is about what was typed (Malformed), else 1.</param>
public sealed record OpsCommand(
    string Name, string Summary, IReadOnlyList<OpsArgument> Arguments, Func<OpsCall, CancellationToken, Task<Result<OpsAnswer>>> RunAsync);

/// <param name="Value">Anything that <see cref="ApiJson"/> can write: a list becomes a table, one object a list of its fields.</param>
public sealed record OpsAnswer(object Value)
{
    /// <summary>Whether what is answered is that something is wrong: exit code 1.</summary>
    public bool Failed { get; init; }
}

/// <param name="Name"><c>id</c> is typed by its place, <c>--state</c> by its name.</param>
/// <param name="Summary">One line for the help.</param>
/// <param name="Kind">How many values it takes.</param>
public sealed record OpsArgument(string Name, string Summary, OpsArgumentKind Kind = OpsArgumentKind.Optional)
{
    /// <summary>Read by <see cref="OpsCall.Limit"/>.</summary>
    public static OpsArgument Limit(int most) => new("--limit", $"1 to {most}, else {PageStart.DefaultLimit}.");
}

public enum OpsArgumentKind { Optional, Required, Many, Flag }

/// <summary>An id as it was typed; without a value when it was left out.</summary>
public sealed record OpsId(Guid? Value)
{
    public TId? As<TId>() where TId : struct, IId<TId> => Value is { } id ? new TId { Value = id } : null;
}

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

    /// <summary>How many at most, of an argument declared by <see cref="OpsArgument.Limit"/>.</summary>
    public Result<int> Limit(int most) =>
        this["--limit"] is not { } text ? PageStart.DefaultLimit
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit >= 1 && limit <= most ? limit
        : Wrong($"--limit must be 1 to {most}, not '{text}'.");

    /// <summary>The id that an argument says.</summary>
    /// <param name="argument">The name it was declared with.</param>
    /// <param name="what">Whose id it must be, e.g. "an organization's id".</param>
    public Result<OpsId> Id(string argument, string what) =>
        this[argument] is not { } text ? new OpsId(null)
        : Guid.TryParse(text, out var id) ? new OpsId(id)
        : Wrong($"{argument} must be {what}, not '{text}'.");

    /// <summary>A refusal of what was typed.</summary>
    public static Refusal Wrong(string message) => new(RefusalKind.Malformed, "wrong_argument", message);
}
