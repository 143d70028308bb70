using Licensing.Kernel;
using Licensing.Kernel.Http;

namespace Licensing.Catalog.Contracts;

/// <summary>A licence that partners buy with prepaid credit and assign to tenants.</summary>
public readonly record struct LicenseEditionId(Guid Value) : IId<LicenseEditionId>;

/// <summary>A licence edition as it is sold now; it may be sold otherwise tomorrow, so a licence keeps what it was of.</summary>
/// <param name="Id">The edition.</param>
/// <param name="Code">Its stable code, unique.</param>
/// <param name="LicenseVersion">Version of what is licensed; 0, 1, …</param>
/// <param name="DurationMonths">How long a licence lasts; null for the demo edition.</param>
/// <param name="Quantity">For people, such as "5 users".</param>
/// <param name="Users">How many users, where it counts them.</param>
/// <param name="Points">Points it costs beside its price; at most four digits after the point.</param>
/// <param name="Prices">One per currency in which it is sold.</param>
/// <param name="Names">By language, two capital letters; EN is always there.</param>
/// <param name="IsDemo">Whether demo licences are of this edition.</param>
public sealed record LicenseEditionRef(
    LicenseEditionId Id, string Code, int LicenseVersion, int? DurationMonths, string Quantity, int? Users, decimal Points,
    IReadOnlyList<Money> Prices, IReadOnlyDictionary<string, string> Names, bool IsDemo)
{
    /// <summary>What it costs in a currency; null where it is not sold in it.</summary>
    /// <param name="currency">What is paid in.</param>
    public Money? PriceIn(Currency currency)
    {
        foreach (var price in Prices)
            if (price.Currency == currency)
                return price;
        return null;
    }
}

/// <summary>Which editions are asked for.</summary>
/// <param name="Currency">Only those with a price in it.</param>
/// <param name="LicenseVersion">Only those of this version.</param>
/// <param name="DurationMonths">Only those that last so long.</param>
/// <param name="Code">Only the one of this code.</param>
public sealed record EditionFilter(Currency Currency, int? LicenseVersion = null, int? DurationMonths = null, string? Code = null);

/// <summary>Reads the licence editions that are on sale.</summary>
public interface ILicenseEditions
{
    /// <summary>The edition of this code, or null where there is none on sale. The demo edition is not sold.</summary>
    /// <param name="code">The edition's code, as it is written.</param>
    Task<LicenseEditionRef?> FindAsync(string code, CancellationToken ct);

    /// <summary>The edition that demo licences are of, or null.</summary>
    Task<LicenseEditionRef?> DemoAsync(CancellationToken ct);

    /// <summary>Those on sale, by code.</summary>
    /// <param name="filter">Which of them.</param>
    /// <param name="start">Which page.</param>
    /// <returns>Never refused: any text has a place among the codes.</returns>
    Task<Result<Page<LicenseEditionRef>>> ListAsync(EditionFilter filter, PageStart start, CancellationToken ct);

    /// <summary>The versions there are editions of on sale, ascending.</summary>
    /// <param name="start">Which page.</param>
    /// <returns>Refused as malformed (<c>invalid_cursor</c>) where the page starts after what is no version.</returns>
    Task<Result<Page<int>>> VersionsAsync(PageStart start, CancellationToken ct);
}
