using Licensing.Kernel.Persistence;
using Microsoft.Extensions.Primitives;

namespace Licensing.Kernel.Http;

/// <summary>
/// The If-Match of this request. Slices that take one (every PATCH and DELETE, and those marked <see cref="TakesIfMatch"/>) ask it
/// before they change what they loaded; the pipeline fails loudly when such a slice succeeded without asking.
/// </summary>
public sealed class Precondition
{
    private StringValues _ifMatch;

    public static Refusal Failed { get; } =
        new(RefusalKind.PreconditionFailed, "precondition_failed", "The resource has changed since the version that If-Match names.");

    // Silence would tell the caller that his version still stood.
    internal static Refusal NotTaken { get; } =
        new(RefusalKind.Malformed, "if_match_not_supported", "This request changes no resource that has a version; send it without If-Match.");

    internal bool Ignored => _ifMatch.Count > 0 && !Asked;

    private bool Asked { get; set; }

    internal void Take(StringValues ifMatch) => (_ifMatch, Asked) = (ifMatch, false);

    /// <summary>Whether the caller has seen another version of <paramref name="resource"/> than there is now, or one where there is none.</summary>
    public bool Fails(IVersioned? resource)
    {
        Asked = true;
        return _ifMatch.Count > 0 && (resource is null || !Names(_ifMatch, TagOf(resource.Version)));
    }

    public static string TagOf(int version) => $"\"{version}\"";

    public static bool Names(StringValues tags, string tag) => tags
        .SelectMany(t => (t ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .Any(t => t == "*" || Strong(t) == Strong(tag));

    // A proxy that compresses makes strong tags weak, and would otherwise lock its clients out.
    private static string Strong(string tag) => tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag;
}
