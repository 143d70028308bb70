using System.Text.Json.Serialization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;

namespace Licensing.Billing.Taxes;

/// <summary>A rate as it travels.</summary>
internal sealed record TaxRateView(
    string? Country, string Category, decimal Percent, DateOnly ValidFrom, [property: JsonIgnore] int Version)
        : IVersioned
{
    public OrganizationId? OrganizationId { get; init; }
    public DateOnly? ValidUntil { get; init; }
    public string? ChargedAs { get; init; }
    public string? ExemptionCode { get; init; }
    public string? ExemptionReason { get; init; }

    public static TaxRateView Of(CountryTaxRate x) => new(x.Country, x.Category, x.Percent, x.ValidFrom, x.Version)
    {
        OrganizationId = x.OrganizationId,
        ValidUntil = x.ValidUntil,
        ChargedAs = x.ChargedAs,
        ExemptionCode = x.ExemptionCode,
        ExemptionReason = x.ExemptionReason,
    };
}
