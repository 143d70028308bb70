using Licensing.Catalog.Contracts;

namespace Licensing.Catalog.Directories;

/// <summary>Other modules' view of the lists.</summary>
internal sealed class ShippedCodes : ICodeDirectory
{
    public IReadOnlyDictionary<string, string> CountryNames { get; } = ListCountries.Countries.All.ToDictionary(
        c => c.Code, c => c.Name, StringComparer.Ordinal);
}
