using System.Globalization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Signed;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Provisioning.Seats;

/// <summary>One tenant's seats, held.</summary>
internal sealed record HeldSeats(Subscription Subscription, bool InDeletion);

/// <summary>The seats of several tenants at once, for the door through which most of them are changed.</summary>
internal sealed class SeatsOfMany(ProvisioningDb db, DbSession session, SeatsOfMany.Query query)
{
    private static readonly string Hold = string.Format(
        CultureInfo.InvariantCulture,
        $$"""
        select s.id from provisioning.subscriptions s where s.tenant_id = any({0}) and {{SeatSubscriptions.OfProduct}}
        order by s.id for no key update of s
        """,
        "$1", "$2", "$3");

    /// <summary>
    /// One instance per host. EF looks at a query's expression each time it is asked, and writes its SQL anew where some of that is our own,
    /// which was a large part of a small change: so what is held is read by a query that is compiled once, and held by a statement beside it.
    /// </summary>
    internal sealed class Query
    {
        public Func<ProvisioningDb, SubscriptionId[], DateOnly, IAsyncEnumerable<HeldSeats>> InOrder { get; } = EF.CompileAsyncQuery(
            (ProvisioningDb db, SubscriptionId[] ids, DateOnly today) => db.Subscriptions
                .Where(x => ids.Contains(x.Id) && (x.EndsOn == null || (x.EndsOn > today && x.EndsOn > x.StartsOn)))
                .OrderBy(x => x.StartsOn).ThenBy(x => x.Id)
                .Select(x => new HeldSeats(x, db.Set<Deletion>().Any(d => d.TenantId == x.TenantId && d.EndedAt == null))));
    }

    /// <summary>
    /// As <see cref="SeatSubscriptions.HeldSeatsOf"/>, of several tenants, wherever they stand. Nobody else changes them until the transaction ends.
    /// </summary>
    public async Task<IReadOnlyDictionary<OrganizationId, HeldSeats>> HoldAsync(
        IEnumerable<OrganizationId> tenants, DateOnly today, CancellationToken ct)
    {
        var held = new List<SubscriptionId>();
        await using (var command = new NpgsqlCommand(Hold, await session.OpenAsync(ct), session.Transaction))
        {
            command.Parameters.Add(new() { Value = tenants.Select(t => t.Value).ToArray() });
            command.Parameters.Add(new() { Value = SeatSubscriptions.Product });
            command.Parameters.Add(new() { Value = today });
            await using var rows = await command.ExecuteReaderAsync(ct);
            while (await rows.ReadAsync(ct))
                held.Add(new SubscriptionId(rows.GetGuid(0)));
        }

        // The first to be taken of each.
        var seats = new Dictionary<OrganizationId, HeldSeats>();
        await foreach (var one in query.InOrder(db, [.. held], today).WithCancellation(ct))
            seats.TryAdd(one.Subscription.TenantId, one);
        return seats;
    }
}
