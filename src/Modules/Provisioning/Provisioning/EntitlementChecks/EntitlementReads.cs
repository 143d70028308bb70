using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Npgsql;

namespace Licensing.Provisioning.EntitlementChecks;

/// <summary>
/// Reads what tenants hold in one indexed read: this is asked more often than anything else, so those who ask while another one is being read for are
/// read for together. Where that fails the halves are read, down to the one at fault, so that nobody is refused for what is wrong with another and
/// one broken tenant costs a few reads and not one for each. Bound to no scope: whoever asks leaves out what he does not reach.
/// </summary>
internal sealed class EntitlementReads
{
    private const int MostAtOnce = 100;

    private readonly NpgsqlDataSource _database;
    private readonly BillingCalendar _calendar;
    private readonly TimeProvider _clock;
    private readonly Gathered<OrganizationId, IReadOnlyList<HeldSubscription>?> _reads;

    public EntitlementReads(GatheredDatabase gathered, BillingCalendar calendar, TimeProvider clock)
    {
        (_database, _calendar, _clock) = (gathered.Database, calendar, clock);
        _reads = new(MostAtOnce, ReadTogetherAsync);
    }

    /// <summary>A tenant's live subscriptions that are not suspended, the oldest first, as they are committed when it is asked.</summary>
    public async Task<IReadOnlyList<HeldSubscription>> OfAsync(OrganizationId tenant, CancellationToken ct) =>
        await _reads.DoAsync(tenant, ct) ?? (await ReadAsync([tenant], ct))[0];

    private async Task<IReadOnlyList<IReadOnlyList<HeldSubscription>?>> ReadTogetherAsync(IReadOnlyList<OrganizationId> tenants) => tenants.Count == 1
        ? await ReadAsync(tenants, CancellationToken.None)
        : await InHalvesAsync(tenants, some => ReadAsync(some, CancellationToken.None));

    /// <summary>Reads all, where that fails each half, and so on; null for those that cannot be read even alone.</summary>
    internal static async Task<IReadOnlyList<TResult?>> InHalvesAsync<TItem, TResult>(
        IReadOnlyList<TItem> items, Func<IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> read)
        where TResult : class
    {
        try
        {
            return await read(items);
        }
        // Not where the database is away or has no room: asking it a hundred times more would not help.
        catch (Exception failure) when (failure is not NpgsqlException { IsTransient: true })
        {
            if (items.Count == 1)
                return [null];
            var half = items.Count / 2;
            return [.. await InHalvesAsync([.. items.Take(half)], read), .. await InHalvesAsync([.. items.Skip(half)], read)];
        }
    }

    private async Task<IReadOnlyList<IReadOnlyList<HeldSubscription>>> ReadAsync(IReadOnlyList<OrganizationId> tenants, CancellationToken ct)
    {
        var today = _calendar.DayOf(_clock.GetUtcNow());
        await using var command = _database.CreateCommand(
            """
            select s.tenant_id, s.id, s.owner_path, s.plans, s.history from provisioning.subscriptions s
            where s.tenant_id = any($1) and s.starts_on <= $2 and (s.ends_on is null or s.ends_on > $2) and s.suspended_on is null
            order by s.starts_on, s.id
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. tenants.Select(t => t.Value)] });
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = today });
        var held = new Dictionary<OrganizationId, List<HeldSubscription>>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            var tenant = new OrganizationId(rows.GetGuid(0));
            if (!held.TryGetValue(tenant, out var his))
                held[tenant] = his = [];
            his.Add(new HeldSubscription(new SubscriptionId(rows.GetGuid(1)), rows.GetString(2), rows.GetString(3), rows.GetString(4)));
        }

        return [.. tenants.Select(t => (IReadOnlyList<HeldSubscription>?)held.GetValueOrDefault(t) ?? [])];
    }
}
