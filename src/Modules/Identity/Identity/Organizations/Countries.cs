using System.Collections.Frozen;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Organizations;

/// <summary>ISO 3166-1 alpha-2.</summary>
internal static class Countries
{
    public static FrozenSet<string> Codes { get; } = CountryCodes.All.ToFrozenSet(StringComparer.Ordinal);
}
