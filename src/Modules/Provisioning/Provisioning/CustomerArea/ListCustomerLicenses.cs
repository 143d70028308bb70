using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Licenses;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>One customer's licences.</summary>
internal static class ListCustomerLicenses
{
    [Needs(ProvisioningPermissions.CustomersRead)]
    public sealed record Query(int Customer, PageStart Start) : IQuery<Page<LicenseView>>;

    internal sealed class Handler(ProvisioningDb db, ICustomers customers, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, Page<LicenseView>>
    {
        public async Task<Result<Page<LicenseView>>> Handle(Query query, CancellationToken cancellationToken) =>
            await customers.FindAsync(query.Customer, cancellationToken) is { } tenant
                // Within the scope too: what ended before a transfer stays with the partner of then.
                ? await db.Licenses.AsNoTracking().Within(principal.Scope).Where(x => x.TenantId == tenant.Id)
                    .PageAsync(query.Start, calendar.DayOf(clock.GetUtcNow()), cancellationToken)
                : CustomerRefusals.NotFound(query.Customer);
    }

    /// <summary>Whose, and which page.</summary>
    /// <param name="CustomerCode">The customer's number.</param>
    /// <param name="Lang">The language of names; EN where it is not said, and where there is no name in it.</param>
    /// <param name="Limit">Items on a page; 200 where it is not said.</param>
    /// <param name="After">What the page before gave as <c>next</c>.</param>
    public sealed record Asked(int CustomerCode, [Language] string Lang = "EN", int? Limit = null, [Cursor] string? After = null) : IAskPage;

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaGet<Asked, Query, IReadOnlyList<AreaLicense>>(
            "/licenses", nameof(ListCustomerLicenses), "Lists a customer's licences with states and dates, newest first",
            async (asked, sender, ct) =>
                (await sender.Send(new Query(asked.CustomerCode, asked.Start), ct)).AsList(x => AreaLicense.Of(x, asked.Lang)));
}
