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
    public sealed record Query(Guid? TenantId, string? Country, string? Type, string? StartsWith, string? Contains, int? Limit, string? After)
        : IQuery<Page<FreeNumberView>>;

    internal sealed class Handler(FreeNumbers free, IOrganizationDirectory organizations, Principal principal)
        : IQueryHandler<Query, Page<FreeNumberView>>
    {
        public async Task<Result<Page<FreeNumberView>>> Handle(Query request, CancellationToken cancellationToken)
        {
            if (PageStart.Read(request.Limit, request.After).Refused(out var refusal, out var start)
                || QueryWord.Refuses<NumberType>("type", request.Type, out var type, out refusal))
                return refusal;
            if (start.After is not null && !NumberRules.IsE164(start.After))
                return PageStart.InvalidCursor;
            if (request.Country is not null && !NumberRules.IsCountry(request.Country))
                return NumberRefusals.BadCountry;
            var prefix = NumberRules.Prefix(request.StartsWith);
            if (prefix is not null && !NumberRules.IsDigits(prefix))
                return NumberRefusals.BadDigits("startsWith");
            if (request.Contains is not null && !NumberRules.IsDigits(request.Contains))
                return NumberRefusals.BadDigits("contains");
            if ((await PoolsAsync(request.TenantId, cancellationToken)).Refused(out refusal, out var pools))
                return refusal;
            return await free.PageAsync(pools, new WantedNumbers(request.Country, type, prefix, request.Contains), start, cancellationToken);
        }

        // Those above: a pool is for the branch that it was loaded for, and nobody sees what is another branch's.
        private async Task<Result<List<string>>> PoolsAsync(Guid? tenantId, CancellationToken ct)
        {
            if (tenantId is { } id)
                return await organizations.FindAsync(new OrganizationId(id), ct) is { Kind: OrganizationKind.Tenant } tenant
                    && principal.Scope.Contains(tenant.Path)
                    ? OrganizationPath.Upwards(tenant.Path).ToList()
                    : TenantRefusals.NotFound(new OrganizationId(id));
            var pools = principal.Scope.Roots.SelectMany(OrganizationPath.Upwards).Distinct().ToList();
            // The process itself stands nowhere in the tree.
            return pools.Count > 0 ? pools : [(await organizations.PlatformAsync(ct)).Path];
        }
    }

    public static void Map(RouteGroupBuilder numbers) => numbers
        .MapGet("/available",
            (Guid? tenantId, string? country, string? type, string? startsWith, string? contains, int? limit, string? after, ISender sender,
            CancellationToken ct) =>
            sender.Ok(new Query(tenantId, country, type, startsWith, contains, limit, after), ct))
        .Slice<Query, Page<FreeNumberView>>(nameof(SearchNumbers), "Lists inbound numbers that can be allocated, in the order of the numbers");
}
