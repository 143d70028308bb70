using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Licenses;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>One customer's licences.</summary>
internal static class ListCustomerLicenses
{
    [Needs(ProvisioningPermissions.LicensesRead)]
    public sealed record Query(int Customer, PageStart Start) : IQuery<Page<LicenseView>>;

    internal sealed class Handler(ProvisioningDb db, ICustomers customers, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, Page<LicenseView>>
    {
        public async Task<Result<Page<LicenseView>>> Handle(Query request, CancellationToken cancellationToken) =>
            await customers.FindAsync(request.Customer, cancellationToken) is { } tenant
                // Within the scope too: what ended before a transfer stays with the partner of then.
                ? await db.Licenses.AsNoTracking().Within(principal.Scope).Where(x => x.TenantId == tenant.Id)
                    .PageAsync(request.Start, calendar.DayOf(clock.GetUtcNow()), cancellationToken)
                : LicenseRefusals.CustomerNotFound(request.Customer);
    }

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaGet<Query, IReadOnlyList<AreaLicense>>("/licenses", nameof(ListCustomerLicenses), "Lists a customer's licences with states and dates, newest first",
            ["customer_code", "lang", "limit", "after"],
            async (given, sender, ct) =>
            {
                var (customer, language, start) = (given.Number("customer_code"), given.Language(), given.Page());
                return given.Broken ?? (await sender.Send(new Query(customer, start), ct)).AsList(x => AreaLicense.Of(x, language));
            });
}
