using System.Text.Json.Serialization;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>The envelope of this door's answers.</summary>
/// <param name="Code">200.</param>
/// <param name="Content">The answer.</param>
/// <param name="Next">Where a list goes on, for <c>after</c>; absent on the last page.</param>
internal sealed record Envelope<T>(int Code, T Content, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Next);
