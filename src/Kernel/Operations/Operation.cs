using System.Text.Json.Nodes;

namespace Licensing.Kernel.Operations;

public readonly record struct OperationId(Guid Value) : IId<OperationId>;

public enum OperationState { Running, Succeeded }

/// <summary>Long work that someone started and may watch.</summary>
/// <param name="Id">Where to watch: <c>/api/v1/operations/{id}</c>.</param>
/// <param name="Kind">What is done, e.g. <c>billing.run</c>.</param>
/// <param name="State">Running until it has succeeded: a step that fails is done again, also by starting the work once more.</param>
/// <param name="Done">Steps done, of <paramref name="Total"/>.</param>
/// <param name="Total">Steps in all; 0 until counted.</param>
/// <param name="Result">What came of it; null until it has succeeded.</param>
/// <param name="Errors">What was left out, each with its reason.</param>
/// <param name="StartedAt">When it was asked for.</param>
/// <param name="EndedAt">When it ended; null while it runs.</param>
public sealed record OperationView(
    OperationId Id, string Kind, OperationState State, long Done, long Total, JsonObject? Result, IReadOnlyList<OperationError> Errors,
    DateTimeOffset StartedAt, DateTimeOffset? EndedAt);

/// <param name="Subject">What it concerns, e.g. a tenant's external id.</param>
/// <param name="Code">Stable, snake_case.</param>
/// <param name="Message">A sentence.</param>
public sealed record OperationError(string Subject, string Code, string Message);
