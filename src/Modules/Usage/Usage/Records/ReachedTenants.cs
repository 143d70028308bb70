using Licensing.Identity.Contracts;
using Licensing.Provisioning.Contracts;

namespace Licensing.Usage.Records;

/// <summary>The tenants that a question about usage may be about: of no others anything is read, or merged.</summary>
internal sealed class ReachedTenants(IOrganizationDirectory organizations, ISubscriptionDirectory subscriptions)
{
    /// <summary>Those that stand within <paramref name="scope"/>, and those that were transferred away and left their records there.</summary>
    /// <param name="scope">What the caller reaches.</param>
    /// <param name="tenant">Only this one.</param>
    /// <param name="subscription">Only the one whose it is.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyCollection<Guid>> OfAsync(Scope scope, Guid? tenant, Guid? subscription, CancellationToken ct)
    {
        if (subscription is { } named)
        {
            var owner = (await subscriptions.DaysAsync([new(named)], ct)).GetValueOrDefault(new(named))?.TenantId.Value;
            if (owner is null || (tenant is not null && tenant != owner))
                return [];
            tenant = owner;
        }

        if (tenant is { } one)
            return (await organizations.PathsAsync([new(one)], ct)).GetValueOrDefault(new(one)) is { } places
                && places.Former.Select(former => former.Path).Append(places.Path).Any(scope.Contains) ? [one] : [];
        var now = await organizations.ListAsync(OrganizationKind.Tenant, scope, ct);
        var before = await organizations.TransferredAsync(scope, DateOnly.MinValue, ct);
        return [.. now.Select(t => t.Id.Value).Concat(before.Keys.Select(t => t.Value)).Distinct()];
    }

    /// <summary>The same for merging what they sent; null where that is everyone's.</summary>
    public async Task<IReadOnlyCollection<Guid>?> ToMergeAsync(Scope scope, Guid? tenant, Guid? subscription, CancellationToken ct) =>
        tenant is null && subscription is null && scope.Contains((await organizations.PlatformAsync(ct)).Path)
            ? null
            : await OfAsync(scope, tenant, subscription, ct);
}
