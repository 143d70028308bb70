namespace Licensing.Catalog.Contracts;

/// <summary>The lists of codes that are shipped with the product, for other modules' doors.</summary>
public interface ICodeDirectory
{
    /// <summary>ISO 3166-1 alpha-2 code → the country's name in English.</summary>
    IReadOnlyDictionary<string, string> CountryNames { get; }
}
