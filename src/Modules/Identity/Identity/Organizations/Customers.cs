using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Organizations;

/// <inheritdoc cref="ICustomers"/>
internal sealed class Customers(
    IdentityDb db, OrganizationDirectory directory, OrganizationOpening opening, Principal principal) : ICustomers
{
    public Task<OrganizationRef?> HoldAsync(string? partner, string tenant, CancellationToken ct) => HoldOneAsync(
        """
        o.kind = 'Tenant' and o.external_id = $3 and ($4::text is null or exists (
            select from identity.organizations p where p.id = o.parent_id and p.external_id = $4))
        """,
        [tenant, (object?)partner ?? DBNull.Value], ct);

    public async Task<HeldTenants> HoldAsync(string partner, IReadOnlyCollection<string> tenants, CancellationToken ct)
    {
        // Whether the partner's name is another's too is asked of all, also of those whose tenants are not held.
        var (from, until) = principal.Scope.Ranges();
        var (held, others) = await directory.HoldAsync(
            $"""
            where o.kind = 'Tenant' and o.external_id = any($4) and o.parent_id = (
                select (array_agg(p.id))[1] from identity.organizations p
                where p.external_id = $3 and p.kind = 'Partner' and {ScopeSql.Holds(1, "p.owner_path")}
                having count(*) = 1)
            """, most: null, [from, until, partner, tenants.ToArray()], ct);
        return new(held.ToDictionary(x => x.ExternalId, StringComparer.Ordinal), others.Select(x => x.ExternalId).ToHashSet(StringComparer.Ordinal));
    }

    public Task<OrganizationRef?> HoldPartnerAsync(string partner, CancellationToken ct) =>
        HoldOneAsync("o.kind = 'Partner' and o.external_id = $3", [partner], ct);

    // After a wait the database looks again at the row that it waited for: one that was renamed so meanwhile is neither held nor found. Of several
    // of that external id only the one that has the tenant; where nobody has it yet, all of them, so that one alone is found and several are not.
    public Task<OrganizationRef?> HoldPartnerToRenameAsync(string partner, string tenant, string displayName, CancellationToken ct) => HoldOneAsync(
        $"""
        o.kind = 'Partner' and o.external_id = $3 and o.display_name <> $4 and (
            exists (select from identity.organizations t where t.parent_id = o.id and t.external_id = $5)
            or not exists (
                select from identity.organizations t join identity.organizations p on p.id = t.parent_id
                where t.external_id = $5 and p.external_id = $3 and p.kind = 'Partner' and {ScopeSql.Holds(1, "t.owner_path")}))
        """,
        [partner, displayName, tenant], ct);

    public async Task<OrganizationRef?> FindAsync(int code, CancellationToken ct)
    {
        var ids = await Tenants(code).Select(x => x.Id).ToListAsync(ct);
        return ids is [var id] ? await directory.FindAsync(id, ct) : null;
    }

    public Task<OrganizationRef?> HoldAsync(int code, CancellationToken ct) =>
        HoldOneAsync("o.kind = 'Tenant' and o.status <> 'Closed' and o.code = $3", [code], ct);

    public async Task<Result<Page<CustomerRef>>> ListAsync(int? code, PageStart start, CancellationToken ct) =>
        (await Tenants(code).AsNoTracking().ToPageAsync(start, x => x.Id, x => x, x => x.Id.Value, ct)).Refused(out var refusal, out var page)
            ? refusal
            : page.Select(x => new CustomerRef(
                x.Id, x.Code, x.DisplayName, x.Contact?.Name, x.Contact?.Email, x.Contact?.Phone, x.Country,
                x.Status is OrganizationStatus.Active, x.CreatedAt));

    private IQueryable<Organization> Tenants(int? code) => db.Organizations.Within(principal.Scope)
        .Where(x => x.Kind == OrganizationKind.Tenant && x.Status != OrganizationStatus.Closed && (code == null || x.Code == code));

    public async Task<Result<OrganizationRef>> OpenAsync(OrganizationId partner, string externalId, string displayName, CancellationToken ct)
    {
        var details = new CreateTenant.Command(partner, externalId, displayName);
        var outcome = await new CreateTenant.Validator().ValidateAsync(details, ct);
        if (!outcome.IsValid)
            return Refusal.AllFields(FieldErrors.Of(outcome));
        if ((await opening.OpenAsync(OrganizationKind.Tenant, partner, "partnerId", details, ct)).Refused(out var refusal, out var opened))
            return refusal;
        await db.SaveChangesAsync(ct);
        return (await directory.FindAsync(opened.Id, ct))!;
    }

    public async Task<Result<Done>> RenameAsync(OrganizationId id, string displayName, CancellationToken ct)
    {
        var change = new PatchOrganization.Command { DisplayName = new(displayName) };
        var outcome = await new PatchOrganization.Validator().ValidateAsync(change, ct);
        if (!outcome.IsValid)
            return Refusal.AllFields(FieldErrors.Of(outcome));
        return await db.Organizations.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, ct) is { } organization
            ? organization.Change(change)
            : new Done();
    }

    private async Task<OrganizationRef?> HoldOneAsync(string where, object[] values, CancellationToken ct)
    {
        var (from, until) = principal.Scope.Ranges();
        var (held, _) = await directory.HoldAsync($"where {where} and {ScopeSql.Holds(1)}", most: 2, [from, until, .. values], ct);
        return held is [var one] ? one : null;
    }
}
