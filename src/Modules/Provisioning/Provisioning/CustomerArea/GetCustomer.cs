using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>One customer of the key's owner.</summary>
internal static class GetCustomer
{
    [Needs(ProvisioningPermissions.CustomersRead)]
    public sealed record Query(int Customer) : IQuery<AreaCustomer>;

    internal sealed class Handler(ProvisioningDb db, ICustomers customers) : IQueryHandler<Query, AreaCustomer>
    {
        public async Task<Result<AreaCustomer>> Handle(Query query, CancellationToken cancellationToken)
        {
            if ((await customers.ListAsync(query.Customer, new PageStart(1, null), cancellationToken)).Refused(out var refusal, out var page))
                return refusal;
            return await AreaCustomer.OfAsync(db, page.Items, cancellationToken) is [var customer]
                ? customer
                : CustomerRefusals.NotFound(query.Customer);
        }
    }

    /// <summary>Whom to show.</summary>
    /// <param name="CustomerCode">The customer's number.</param>
    /// <param name="Lang">Taken as everywhere in this door, and without effect: no names are answered.</param>
    public sealed record Asked(int CustomerCode, [Language] string Lang = "EN");

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaGet<Asked, Query, AreaCustomer>("/customers/detail", nameof(GetCustomer), "Shows one customer",
            async (asked, sender, ct) => (await sender.Send(new Query(asked.CustomerCode), ct)).As(x => x));
}
