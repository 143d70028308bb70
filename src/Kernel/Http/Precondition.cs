using Licensing.Kernel.Persistence;
using Microsoft.Extensions.Primitives;

namespace Licensing.Kernel.Http;

/// <summary>
/// The If-Match of this request. PATCH and DELETE slices ask it before they change what they loaded; the pipeline fails loudly
/// when a slice succeeded without asking.
/// </summary>
public sealed class Precondition
{
    private StringValues _ifMatch;

    public static Refusal Failed { get; } =
        new(RefusalKind.PreconditionFailed, "precondition_failed", "The resource has changed since the version that If-Match names.");

    internal bool Ignored => _ifMatch.Count > 0 && !Asked;

    private bool Asked { get; set; }

    internal void Take(StringValues ifMatch) => (_ifMatch, Asked) = (ifMatch, false);

    /// <summary>Whether the caller has seen another version of <paramref name="resource"/> than there is now.</summary>
    public bool Fails(IVersioned resource)
    {
        Asked = true;
        return _ifMatch.Count > 0 && !Names(_ifMatch, resource.Version);
    }

    public static string TagOf(int version) => $"\"{version}\"";

    internal static bool Names(StringValues tags, int version) => tags
        .SelectMany(t => (t ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .Any(t => t == "*" || t == TagOf(version) || t == "W/" + TagOf(version));
}
