using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Licenses;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>The editions that a customer can be assigned: those on sale with a price in the currency asked.</summary>
internal static class ListAvailableLicenses
{
    [Needs(ProvisioningPermissions.CustomersRead)]
    public sealed record Query(int Customer, EditionFilter Filter, PageStart Start) : IQuery<Page<LicenseEditionRef>>;

    /// <summary>An edition that can be assigned.</summary>
    public sealed record AvailableLicense(
        string LicenseCode, string LicenseName, string LicenseDurationMonths, string LicenseVersion, string LicenseQuantity, decimal LicensePoints,
        decimal LicenseAmount, string LicenseAmountCurrency)
    {
        public static AvailableLicense Of(LicenseEditionRef x, Currency currency, string language) => new(
            x.Code, x.Names.InLanguage(language), AreaLicense.Text(x.DurationMonths!.Value), AreaLicense.Text(x.LicenseVersion), x.Quantity, x.Points,
            x.PriceIn(currency)!.Value.Amount, currency.Code);
    }

    internal sealed class Handler(ICustomers customers, ILicenseEditions editions) : IQueryHandler<Query, Page<LicenseEditionRef>>
    {
        public async Task<Result<Page<LicenseEditionRef>>> Handle(Query query, CancellationToken cancellationToken) =>
            await customers.FindAsync(query.Customer, cancellationToken) is null
                ? CustomerRefusals.NotFound(query.Customer)
                : await editions.ListAsync(query.Filter, query.Start, cancellationToken);
    }

    /// <summary>For whom, which of them, and which page.</summary>
    /// <param name="CustomerCode">The customer's number.</param>
    /// <param name="Lang">The language of names; EN where it is not said, and where there is no name in it.</param>
    /// <param name="VersionCode">Only editions of this version.</param>
    /// <param name="LicenseDuration">Only editions of so many months.</param>
    /// <param name="LicenseCode">Only the edition of this code.</param>
    /// <param name="CurrencyCode">The currency of prices, ISO 4217; EUR where it is not said. An edition without a price in it is left out.</param>
    /// <param name="Limit">Items on a page; 200 where it is not said.</param>
    /// <param name="After">What the page before gave as <c>next</c>.</param>
    public sealed record Asked(
        int CustomerCode, [Language] string Lang = "EN", int? VersionCode = null, int? LicenseDuration = null, [Text(50)] string? LicenseCode = null,
        Currency? CurrencyCode = null, int? Limit = null, [Cursor] string? After = null) : IAskPage;

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaGet<Asked, Query, IReadOnlyList<AvailableLicense>>(
            "/licenses/available", nameof(ListAvailableLicenses), "Lists the licences that a customer can be assigned",
            async (asked, sender, ct) =>
            {
                var filter = new EditionFilter(asked.CurrencyCode ?? Area.Currency, asked.VersionCode, asked.LicenseDuration, asked.LicenseCode);
                return (await sender.Send(new Query(asked.CustomerCode, filter, asked.Start), ct))
                    .AsList(x => AvailableLicense.Of(x, filter.Currency, asked.Lang));
            });
}
