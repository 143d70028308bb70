using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Seats;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Signed;

/// <summary>
/// Several updates of one certificate in one transaction: those of customers who have seats, are called what they are called already, get nothing but
/// other quantities and are held by nobody else. That is nearly all that a partner's automation sends; the rest is carried out one by one.
/// </summary>
internal sealed class UpdateLicensesTogether(
    ProvisioningDb db, ICustomers customers, ICatalog catalog, SeatChanging changing, BillingCalendar calendar, TimeProvider clock)
    : IHandleTogether<UpdateLicenses.Command, Result<SignedAnswer>>
{
    private readonly Dictionary<UpdateLicenses.Command, Result<SignedBody>> _bodies = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(string Reseller, string Tenant), OrganizationRef?> _tenants = [];
    private readonly Dictionary<OrganizationId, (Subscription Subscription, bool InDeletion)> _seats = [];
    private ProductRules _rules = null!;

    public async Task HoldAsync(IReadOnlyList<UpdateLicenses.Command> requests, CancellationToken ct)
    {
        _rules = await catalog.RulesAsync(SeatSubscriptions.Product, ct) ?? throw new InvalidOperationException("The product is missing.");
        var named = new List<(string Reseller, string Tenant)>();
        foreach (var request in requests)
        {
            var read = _bodies[request] = SignedBody.Read(request.Request, _rules);
            if (!read.Refused(out _, out var body) && body is { Customer: { Reseller: { } reseller, Tenant: var tenant }, Sip: null })
                named.Add((reseller, tenant));
        }

        // In one order, so that two transactions cannot wait for each other.
        foreach (var ofReseller in named.ToLookup(n => n.Reseller, n => n.Tenant, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
            foreach (var (tenant, found) in await customers.HoldAsync(ofReseller.Key, [.. ofReseller.Distinct(StringComparer.Ordinal)], ct))
                _tenants[(ofReseller.Key, tenant)] = found;

        if (_tenants.Values.OfType<OrganizationRef>().ToList() is not { Count: > 0 } tenants)
            return;

        // He was found within the scope: what is his is where he stands, also before it has moved along with him.
        var held = await db.HeldSeatsOf(tenants.Select(t => t.Id), calendar.DayOf(clock.GetUtcNow()))
            .Select(x => new { Subscription = x, InDeletion = db.Set<Deletion>().Any(d => d.TenantId == x.TenantId && d.EndedAt == null) }).ToListAsync(ct);
        foreach (var one in held)
            _seats.TryAdd(one.Subscription.TenantId, (one.Subscription, one.InDeletion));
    }

    public async Task<Together<Result<SignedAnswer>>?> HandleAsync(UpdateLicenses.Command request, CancellationToken ct)
    {
        if (_bodies[request].Refused(out var refusal, out var body))
            return new(refusal, "");
        if (body is not { Sip: null, Customer: { Reseller: { } reseller, ResellerName: null, TenantName: var name } customer }
            || !_tenants.TryGetValue((reseller, customer.Tenant), out var tenant))
            return null;
        if (tenant is null)
            return Together<Result<SignedAnswer>>.Later;
        if (!tenant.Active || (name is not null && name != tenant.DisplayName) || !_seats.TryGetValue(tenant.Id, out var seats) || seats.InDeletion)
            return null;
        if ((await changing.ChangeAsync(seats.Subscription, body.Quantities, _rules, ct)).Refused(out refusal, out var changes))
            return new(refusal, "");
        // One customer's second change is not to be told apart from its first.
        _tenants[(reseller, customer.Tenant)] = null;
        return new(SignedAnswer.Of(customer, changes), seats.Subscription.OwnerPath);
    }
}
