using Licensing.Billing.Rating;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Taxes;

/// <summary>
/// All rates on one day, in memory. Of a category the most specific one is a tenant's: his own, his partner's, distributor's, the platform's as an
/// organisation, and then everyone's of his country; of one organisation that for his country goes before that for any (ADR 0058). The same rate
/// may be set for several days: of those in force the one that began last.
/// </summary>
internal sealed class TaxTable
{
    private readonly ILookup<(string? Organization, string? Country), TaxRate> _rates;
    private readonly bool _hasOrganizations;
    private readonly TaxTable? _or;

    public TaxTable(IEnumerable<CountryTaxRate> rates, DateOnly on)
    {
        var inForce = rates.Where(rate => rate.IsInForce(on)).ToList();
        _hasOrganizations = inForce.Exists(rate => rate.OwnerPath is not null);
        _rates = inForce
            .GroupBy(rate => (Organization: CodeOf(rate.OwnerPath), rate.Country, rate.Category))
            .Select(same => (same.Key, Rate: same.MaxBy(rate => rate.ValidFrom)!))
            .ToLookup(x => (x.Key.Organization, x.Key.Country), x => x.Rate.ToRate());
    }

    private TaxTable(TaxTable rates, TaxTable or) => (_rates, _hasOrganizations, _or) = (rates._rates, rates._hasOrganizations, or);

    /// <summary>One of each category; by where the tenant stands in the month that is billed, as <paramref name="tenant"/> says.</summary>
    public IReadOnlyList<TaxRate> Of(OrganizationRef tenant)
    {
        var found = new List<TaxRate>();
        if (_hasOrganizations)
            foreach (var code in tenant.Path.Split('.', StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                Add(_rates[(code, tenant.Country)]);
                Add(_rates[(code, null)]);
            }

        Add(_rates[(null, tenant.Country)]);
        if (_or is not null)
            Add(_or.Of(tenant));
        return found;

        void Add(IEnumerable<TaxRate> rates) => found.AddRange(rates.Where(rate => found.TrueForAll(known => known.Category != rate.Category)));
    }

    /// <summary>The same, and of categories that it does not have those of another.</summary>
    public TaxTable Or(TaxTable other) => new(this, other);

    // A tenant's place changes, what it is called in any place does not.
    private static string? CodeOf(string? path) => path?.Split('.', StringSplitOptions.RemoveEmptyEntries)[^1];
}
