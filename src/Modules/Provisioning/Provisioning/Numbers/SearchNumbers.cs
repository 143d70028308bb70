using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Numbers;

/// <summary>Numbers that can be had: by a tenant, or by anyone at the caller's own place in the tree.</summary>
internal static class SearchNumbers
{
    /// <param name="StartsWith">The number's first digits, with or without the plus sign.</param>
    /// <param name="Contains">Digits that follow each other somewhere in the number.</param>
    [Needs(ProvisioningPermissions.NumbersRead)]
    public sealed record Query(Guid? TenantId, string? Country, string? Type, string? StartsWith, string? Contains, PageStart Start)
        : IQuery<Page<FreeNumberView>>;

    internal sealed class Handler(FreeNumbers free, IOrganizationDirectory organizations, Principal principal)
        : IQueryHandler<Query, Page<FreeNumberView>>
    {
        public async Task<Result<Page<FreeNumberView>>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (QueryWord.Refuses<NumberType>("type", query.Type, out var type, out var refusal))
                return refusal;
            if (query.Start.After is { } after && !NumberRules.IsE164(after))
                return PageStart.InvalidCursor;
            if (query.Country is not null && !NumberRules.IsCountry(query.Country))
                return NumberRefusals.BadCountry;
            var prefix = NumberRules.Prefix(query.StartsWith);
            if (prefix is not null && !NumberRules.IsDigits(prefix))
                return NumberRefusals.BadDigits("startsWith");
            if (query.Contains is not null && !NumberRules.IsDigits(query.Contains))
                return NumberRefusals.BadDigits("contains");
            if ((await PoolsAsync(query.TenantId, cancellationToken)).Refused(out refusal, out var pools))
                return refusal;
            var wanted = new WantedNumbers(query.Country, type, prefix, query.Contains);
            return await free.PageAsync(pools, wanted, query.Start, cancellationToken);
        }

        // Those above: a pool is for the branch that it was loaded for, and nobody sees what is another branch's.
        private async Task<Result<List<string>>> PoolsAsync(Guid? tenantId, CancellationToken ct)
        {
            if (tenantId is { } id)
            {
                var tenant = await organizations.FindAsync(new OrganizationId(id), ct);
                if (tenant is not { Kind: OrganizationKind.Tenant } || !principal.Scope.Contains(tenant.Path))
                    return TenantRefusals.NotFound(new OrganizationId(id));
                return OrganizationPath.Upwards(tenant.Path).ToList();
            }

            var pools = principal.Scope.Roots.SelectMany(OrganizationPath.Upwards).Distinct().ToList();
            // The process itself stands nowhere in the tree.
            return pools.Count > 0 ? pools : [(await organizations.PlatformAsync(ct)).Path];
        }
    }

    public static void Map(RouteGroupBuilder numbers) => numbers
        .MapGet("/available",
            async (
                Guid? tenantId, string? country, string? type, string? startsWith, string? contains, int? limit, string? after, ISender sender,
                CancellationToken ct) => PageStart.Read(limit, after).Refused(out var refusal, out var start)
                    ? new RefusedResult(refusal)
                    : await sender.Ok(new Query(tenantId, country, type, startsWith, contains, start), ct))
        .Slice<Query, Page<FreeNumberView>>(nameof(SearchNumbers), "Lists inbound numbers that can be allocated, in the order of the numbers");
}
