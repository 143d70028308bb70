using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Seats;

namespace Licensing.Provisioning.Signed;

/// <summary>
/// Several updates of one certificate in one transaction: those of customers who have seats, are called what they are called already, get nothing but
/// other quantities and are held by nobody else. That is nearly all that a partner's automation sends; the rest is carried out one by one.
/// </summary>
internal sealed class UpdateLicensesTogether(
    SeatsOfMany seatsOfMany, ICustomers customers, ICatalog catalog, SeatChanging changing, BillingCalendar calendar, TimeProvider clock)
    : IHandleTogether<UpdateLicenses.Command, Result<SignedAnswer>>
{
    private readonly Dictionary<UpdateLicenses.Command, Result<SignedBody>> _bodies = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(string Reseller, string Tenant), OrganizationRef> _tenants = [];

    // Held by others, or changed by another of these: one customer's second change is not to be told apart from its first.
    private readonly HashSet<(string Reseller, string Tenant)> _later = [];

    private IReadOnlyDictionary<OrganizationId, FoundSeats> _seats = new Dictionary<OrganizationId, FoundSeats>();
    private ProductRules _rules = null!;
    private DateTimeOffset _now;

    public async Task HoldAsync(IReadOnlyList<UpdateLicenses.Command> commands, CancellationToken ct)
    {
        _rules = await catalog.SeatRulesAsync(ct);
        var named = new List<(string Reseller, string Tenant)>();
        foreach (var command in commands)
        {
            var read = _bodies[command] = SignedBody.Read(command.Request, _rules);
            if (!read.Refused(out _, out var body) && body is { Customer: { Reseller: { } reseller, Tenant: var tenant }, Sip: null })
                named.Add((reseller, tenant));
        }

        // In one order, so that two transactions cannot wait for each other.
        foreach (var ofReseller in named.ToLookup(n => n.Reseller, n => n.Tenant, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var (held, heldByOthers) = await customers.HoldAsync(ofReseller.Key, [.. ofReseller.Distinct(StringComparer.Ordinal)], ct);
            foreach (var (tenant, found) in held)
                _tenants[(ofReseller.Key, tenant)] = found;
            _later.UnionWith(heldByOthers.Select(tenant => (ofReseller.Key, tenant)));
        }

        if (_tenants.Count == 0)
            return;

        // He was found within the scope: what is his is where he stands, also before it has moved along with him.
        _now = clock.GetUtcNow();
        _seats = await seatsOfMany.FindAsync(_tenants.Values.Select(t => t.Id), calendar.DayOf(_now), ct);
    }

    public async Task<Together<Result<SignedAnswer>>> HandleAsync(UpdateLicenses.Command command, CancellationToken ct)
    {
        if (_bodies[command].Refused(out var refusal, out var body))
            return Together<Result<SignedAnswer>>.Done(refusal, "");
        if (body is not { Sip: null, Customer: { Reseller: { } reseller, ResellerName: null, TenantName: var name } customer })
            return Together<Result<SignedAnswer>>.Alone;
        if (_later.Contains((reseller, customer.Tenant)))
            return Together<Result<SignedAnswer>>.Later;
        if (!_tenants.TryGetValue((reseller, customer.Tenant), out var tenant) || !tenant.Active || (name is not null && name != tenant.DisplayName)
            || !_seats.TryGetValue(tenant.Id, out var seats) || seats.InDeletion)
            return Together<Result<SignedAnswer>>.Alone;
        if ((await changing.ChangeAsync(seats.Subscription, body.Quantities, _rules, _now, ct)).Refused(out refusal, out var changes))
            return Together<Result<SignedAnswer>>.Done(refusal, "");
        _later.Add((reseller, customer.Tenant));
        return Together<Result<SignedAnswer>>.Done(SignedAnswer.Of(customer, changes), seats.Subscription.OwnerPath);
    }
}
