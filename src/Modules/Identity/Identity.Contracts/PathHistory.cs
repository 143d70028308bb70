using Licensing.Kernel;

namespace Licensing.Identity.Contracts;

/// <summary>Where an organisation stands, and where a tenant stood before it was transferred.</summary>
/// <param name="Path">Now.</param>
/// <param name="Former">Before, the oldest first; empty for all that never moved.</param>
public sealed record PathHistory(string Path, IReadOnlyList<FormerPath> Former)
{
    /// <summary>Where it stood on a day; to whom what belongs to that day belongs.</summary>
    public string On(DateOnly day) => Former.FirstOrDefault(x => day < x.Until)?.Path ?? Path;

    /// <summary>Whether it stands within the scope or has stood there.</summary>
    public bool IsOrWasWithin(Scope scope) => Former.Select(x => x.Path).Append(Path).Any(scope.Contains);
}
