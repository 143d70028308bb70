using Licensing.Billing.Invoices;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Activity;

internal enum Granularity { Day, Month }

/// <summary>Which activity.</summary>
internal sealed record ActivityFilter(Guid? TenantId, Guid? PartnerId, Guid? SubscriptionId, string? Meter)
{
    /// <summary>Refused where the partner lies outside the scope; of others' tenants and subscriptions there simply is nothing.</summary>
    public async Task<Result<LineFilter>> LinesAsync(LineFilter within, IOrganizationDirectory organizations, CancellationToken ct)
    {
        var lines = within with { TenantId = TenantId, SubscriptionId = SubscriptionId, Meter = Meter };
        if (PartnerId is not { } id)
            return lines;
        return await organizations.FindAsync(new OrganizationId(id), ct) is { } partner && within.Scope.Contains(partner.Path)
            ? lines with { Scope = Scope.Of([partner.Path]) }
            : InvoiceRefusals.OrganizationNotFound(id);
    }
}
