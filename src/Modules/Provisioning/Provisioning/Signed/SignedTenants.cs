using Licensing.Identity.Contracts;

namespace Licensing.Provisioning.Signed;

/// <summary>The tenant whom a signed update is about: found, called as it says, or opened; held until the transaction ends.</summary>
internal sealed class SignedTenants(ICustomers customers)
{
    public async Task<Result<OrganizationRef>> HoldAsync(SignedCustomer customer, CancellationToken ct)
    {
        // The partner before the tenant, as who opens one holds them, or the two would wait for each other. Only where there is something to
        // change: an update that says the same name again waits for no other.
        var renamed = customer is { Reseller: { } named, ResellerName: { } called }
            ? await customers.HoldPartnerToRenameAsync(named, customer.Tenant, called, ct)
            : null;
        if (await customers.HoldAsync(customer.Reseller, customer.Tenant, ct) is { } known)
            return (await RenameAsync(customer, known, renamed, ct)).Refused(out var refused, out _) ? refused : known;
        if (customer.Reseller is not { } reseller || await customers.HoldPartnerAsync(reseller, ct) is not { } partner)
            return SignedRefusals.CustomerNotFound;
        // Another first request for the same tenant may have opened it while this one waited for the partner.
        if (await customers.HoldAsync(reseller, customer.Tenant, ct) is { } opened)
            return (await RenameAsync(customer, opened, renamed, ct)).Refused(out var refused, out _) ? refused : opened;

        // Names are what the first request for a tenant brings.
        List<FieldError> missing = [];
        foreach (var (field, name) in (IEnumerable<(string, string?)>)
            [("resellerName", customer.ResellerName), ("tenantName", customer.TenantName)])
            if (name is null)
                missing.Add(new($"/ccId/{field}", "required", $"ccId.{field} is required on the first request for a tenant."));
        if (missing.Count > 0)
            return Refusal.AllFields(missing);
        if ((await customers.OpenAsync(partner.Id, customer.Tenant, customer.TenantName!, ct)).Refused(out var refusal, out opened))
            return SignedRefusals.InThisDoor(refusal);
        return (await customers.RenameAsync(partner.Id, customer.ResellerName!, ct)).Refused(out refusal, out _)
            ? SignedRefusals.InThisDoor(refusal)
            : opened;
    }

    private async Task<Result<Done>> RenameAsync(
        SignedCustomer customer, OrganizationRef tenant, OrganizationRef? renamed, CancellationToken ct)
    {
        if (customer.TenantName is { } name && name != tenant.DisplayName
            && (await customers.RenameAsync(tenant.Id, name, ct)).Refused(out var refusal, out _))
            return SignedRefusals.InThisDoor(refusal);
        return renamed is not null && renamed.Id == tenant.ParentId
            && (await customers.RenameAsync(renamed.Id, customer.ResellerName!, ct)).Refused(out refusal, out _)
            ? SignedRefusals.InThisDoor(refusal)
            : new Done();
    }
}
