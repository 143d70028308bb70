using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Licenses;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>The customers of the key's owner, or one of them.</summary>
internal static class ListCustomers
{
    [Needs(ProvisioningPermissions.CustomersRead)]
    public sealed record Query(int? Customer, PageStart Start) : IQuery<Page<AreaCustomer>>;

    /// <summary>A customer.</summary>
    public sealed record AreaCustomer(
        int CustomerCode, string CompanyName, string? CustomerName, string? Email, string? Phone, string CountryCode, string? IndustryCode, string? Lang,
        bool Active, DateTimeOffset CreatedAt);

    internal sealed class Handler(ProvisioningDb db, ICustomers customers) : IQueryHandler<Query, Page<AreaCustomer>>
    {
        public async Task<Result<Page<AreaCustomer>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if ((await customers.ListAsync(request.Customer, request.Start, cancellationToken)).Refused(out var refusal, out var page))
                return refusal;
            if (request.Customer is { } code && page.Items.Count == 0)
                return LicenseRefusals.CustomerNotFound(code);
            var ids = page.Items.Select(x => x.Id).ToList();
            var profiles = await db.Set<CustomerProfile>().AsNoTracking().Where(x => ids.Contains(x.TenantId)).ToDictionaryAsync(x => x.TenantId, cancellationToken);
            return new Page<AreaCustomer>([.. page.Items.Select(x => Of(x, profiles.GetValueOrDefault(x.Id)))], page.Next);
        }
    }

    /// <summary>Which page.</summary>
    /// <param name="Lang">Taken as everywhere in this door, and without effect: no names are answered.</param>
    /// <param name="Limit">Items on a page; 200 where it is not said.</param>
    /// <param name="After">What the page before gave as <c>next</c>.</param>
    public sealed record Asked([Language] string Lang = "EN", int? Limit = null, [Cursor] string? After = null) : IAskPage;

    /// <summary>Whom to show.</summary>
    /// <param name="CustomerCode">The customer's number.</param>
    /// <param name="Lang">Taken as everywhere in this door, and without effect: no names are answered.</param>
    public sealed record AskedOne(int CustomerCode, [Language] string Lang = "EN");

    public static void Map(IEndpointRouteBuilder area)
    {
        area.MapAreaGet<Asked, Query, IReadOnlyList<AreaCustomer>>("/customers", nameof(ListCustomers), "Lists the partner's customers, newest first",
            async (asked, sender, ct) => (await sender.Send(new Query(null, asked.Start), ct)).AsList(x => x));
        area.MapAreaGet<AskedOne, Query, AreaCustomer>("/customers/detail", "GetCustomer", "Shows one customer",
            async (asked, sender, ct) => (await sender.Send(new Query(asked.CustomerCode, new PageStart(1, null)), ct)).As(x => x.Items[0]));
    }

    private static AreaCustomer Of(CustomerRef x, CustomerProfile? profile) => new(
        x.Code, x.DisplayName, x.ContactName, x.Email, x.Phone, x.Country, profile?.Industry, profile?.Language, x.Active, x.CreatedAt);
}
