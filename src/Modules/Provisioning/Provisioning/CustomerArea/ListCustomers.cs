using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;

namespace Licensing.Provisioning.CustomerArea;

/// <summary>The customers of the key's owner.</summary>
internal static class ListCustomers
{
    [Needs(ProvisioningPermissions.CustomersRead)]
    public sealed record Query(PageStart Start) : IQuery<Page<AreaCustomer>>;

    internal sealed class Handler(ProvisioningDb db, ICustomers customers) : IQueryHandler<Query, Page<AreaCustomer>>
    {
        public async Task<Result<Page<AreaCustomer>>> Handle(Query query, CancellationToken cancellationToken) =>
            (await customers.ListAsync(null, query.Start, cancellationToken)).Refused(out var refusal, out var page)
                ? refusal
                : new Page<AreaCustomer>(await AreaCustomer.OfAsync(db, page.Items, cancellationToken), page.Next);
    }

    /// <summary>Which page.</summary>
    /// <param name="Lang">Taken as everywhere in this door, and without effect: no names are answered.</param>
    /// <param name="Limit">Items on a page; 200 where it is not said.</param>
    /// <param name="After">What the page before gave as <c>next</c>.</param>
    public sealed record Asked([Language] string Lang = "EN", int? Limit = null, [Cursor] string? After = null) : IAskPage;

    public static void Map(IEndpointRouteBuilder area) => area
        .MapAreaGet<Asked, Query, IReadOnlyList<AreaCustomer>>("/customers", nameof(ListCustomers), "Lists the partner's customers, newest first",
            async (asked, sender, ct) => (await sender.Send(new Query(asked.Start), ct)).AsList(x => x));
}
