using System.Text.Json.Serialization;
using Licensing.Catalog.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Catalog.LicenseEditions;

/// <summary>A licence edition.</summary>
internal sealed record LicenseEditionView(
    LicenseEditionId Id, string Code, [property: JsonPropertyName("version")] int LicenseVersion, int? DurationMonths, string Quantity, int? Users,
    decimal Points, IReadOnlyList<Money> Prices, IReadOnlyDictionary<string, string> Names, bool Demo, bool OnSale, DateTimeOffset CreatedAt,
    [property: JsonIgnore] int Version) : IVersioned
{
    public static LicenseEditionView Of(LicenseEdition x) => new(
        x.Id, x.Code, x.LicenseVersion, x.DurationMonths, x.Quantity, x.Users, x.Points, x.Prices, x.Names, x.Demo, x.OnSale, x.CreatedAt, x.Version);
}
