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
            // Asked for also where there is none: what exists elsewhere takes no longer than what does not.
            var within = await WithinAsync(scope, owner ?? Guid.Empty, ct);
            return tenant is null || tenant == owner ? within : [];
        }

        if (tenant is { } one)
            return await WithinAsync(scope, one, ct);
        var now = await organizations.ListAsync(OrganizationKind.Tenant, scope, ct);
        var before = await organizations.TransferredAsync(scope, DateOnly.MinValue, ct);
        return [.. now.Select(t => t.Id.Value).Concat(before.Keys.Select(t => t.Value)).Distinct()];
    }

    /// <summary>What of <paramref name="scope"/> lies below an organisation; nothing where that is outside of it.</summary>
    public async Task<Scope> BelowAsync(Scope scope, Guid? organization, CancellationToken ct) =>
        organization is not { } id ? scope
        : await organizations.FindAsync(new OrganizationId(id), ct) is { } found && scope.Contains(found.Path) ? Scope.Of([found.Path])
        : Scope.Nothing;

    private async Task<IReadOnlyCollection<Guid>> WithinAsync(Scope scope, Guid tenant, CancellationToken ct) =>
        (await organizations.PathsAsync([new(tenant)], ct)).GetValueOrDefault(new(tenant))?.IsOrWasWithin(scope) is true ? [tenant] : [];

    /// <summary>The same for merging what they sent; null where that is everyone's.</summary>
    public async Task<IReadOnlyCollection<Guid>?> ToMergeAsync(Scope scope, Guid? tenant, Guid? subscription, CancellationToken ct) =>
        tenant is null && subscription is null && scope.Contains((await organizations.PlatformAsync(ct)).Path)
            ? null
            : await OfAsync(scope, tenant, subscription, ct);
}
