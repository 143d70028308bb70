using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Licenses;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>The editions that a customer can be assigned: those on sale with a price in the currency asked.</summary>
internal static class ListAvailableLicenses
{
    [Needs(ProvisioningPermissions.LicensesRead)]
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
        public async Task<Result<Page<LicenseEditionRef>>> Handle(Query request, CancellationToken cancellationToken) =>
            await customers.FindAsync(request.Customer, cancellationToken) is null
                ? LicenseRefusals.CustomerNotFound(request.Customer)
                : await editions.ListAsync(request.Filter, request.Start, cancellationToken);
    }

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaGet<Query, IReadOnlyList<AvailableLicense>>("/licenses/available", nameof(ListAvailableLicenses), "Lists the licences that a customer can be assigned",
            ["customer_code", "lang", "version_code", "license_duration", "license_code", "currency_code", "limit", "after"],
            async (given, sender, ct) =>
            {
                var (customer, language, currency, start) = (given.Number("customer_code"), given.Language(), given.Currency(), given.Page());
                var filter = new EditionFilter(currency, given.OptionalNumber("version_code"), given.OptionalNumber("license_duration"), given.OptionalText("license_code", 50));
                return given.Broken ?? (await sender.Send(new Query(customer, filter, start), ct)).AsList(x => AvailableLicense.Of(x, currency, language));
            });
}
