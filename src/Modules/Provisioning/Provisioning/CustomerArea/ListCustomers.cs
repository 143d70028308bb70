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

    public static void Map(IEndpointRouteBuilder area)
    {
        area.MapAreaGet<Query, IReadOnlyList<AreaCustomer>>("/customers", nameof(ListCustomers), "Lists the partner's customers, newest first",
            ["lang", "limit", "after"],
            async (given, sender, ct) =>
            {
                var (_, start) = (given.Language(), given.Page());
                return given.Broken ?? (await sender.Send(new Query(null, start), ct)).AsList(x => x);
            });
        area.MapAreaGet<Query, AreaCustomer>("/customers/detail", "GetCustomer", "Shows one customer",
            ["customer_code", "lang"],
            async (given, sender, ct) =>
            {
                var (customer, _) = (given.Number("customer_code"), given.Language());
                return given.Broken ?? (await sender.Send(new Query(customer, new PageStart(1, null)), ct)).As(x => x.Items[0]);
            });
    }

    private static AreaCustomer Of(CustomerRef x, CustomerProfile? profile) => new(
        x.Code, x.DisplayName, x.ContactName, x.Email, x.Phone, x.Country, profile?.Industry, profile?.Language, x.Active, x.CreatedAt);
}
