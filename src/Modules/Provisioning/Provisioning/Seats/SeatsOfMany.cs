using Licensing.Identity.Contracts;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Signed;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Seats;

/// <summary>One tenant's seats.</summary>
internal sealed record FoundSeats(Subscription Subscription, bool InDeletion);

/// <summary>The seats of several tenants at once, for the door through which most of them are changed.</summary>
internal sealed class SeatsOfMany(ProvisioningDb db, SeatsOfMany.Query query)
{
    /// <summary>
    /// One instance per host. EF looks at a query's expression each time it is asked, and writes its SQL anew where some of that is our own,
    /// which was a large part of a small change: so this one is compiled once, and has no SQL of ours.
    /// </summary>
    internal sealed class Query
    {
        // By their ids, so that they are also written in one order, and two transactions cannot wait for each other.
        public Func<ProvisioningDb, OrganizationId[], DateOnly, IAsyncEnumerable<FoundSeats>> Live { get; } = EF.CompileAsyncQuery(
            (ProvisioningDb db, OrganizationId[] tenants, DateOnly today) => db.Subscriptions
                .Where(x => tenants.Contains(x.TenantId) && x.StartsOn <= today && (x.EndsOn == null || x.EndsOn > today))
                .OrderBy(x => x.Id)
                .Select(x => new FoundSeats(x, db.Set<Deletion>().Any(d => d.TenantId == x.TenantId && d.EndedAt == null))));
    }

    /// <summary>
    /// As <see cref="SeatSubscriptions.SeatsOf"/>, of several tenants, wherever they stand. They are not held: that nobody else has changed them is
    /// known by their version when they are written, and costs less than to hold each before.
    /// </summary>
    public async Task<IReadOnlyDictionary<OrganizationId, FoundSeats>> FindAsync(
        IEnumerable<OrganizationId> tenants, DateOnly today, CancellationToken ct)
    {
        var seats = new Dictionary<OrganizationId, FoundSeats>();
        await foreach (var one in query.Live(db, [.. tenants], today).WithCancellation(ct))
            if (one.Subscription.Plans.On(today).Product == SeatSubscriptions.Product
                && !(seats.TryGetValue(one.Subscription.TenantId, out var first) && first.Subscription.StartsOn <= one.Subscription.StartsOn))
                seats[one.Subscription.TenantId] = one;
        return seats;
    }
}
