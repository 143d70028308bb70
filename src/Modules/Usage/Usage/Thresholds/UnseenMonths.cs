using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Usage.Thresholds;

/// <summary>A month of a tenant that changed since thresholds were last compared with it.</summary>
internal readonly record struct TenantMonth(Guid Tenant, DateOnly Month);

/// <summary>Which months are to be compared with thresholds: noted where months change, in the same transaction, so none is forgotten.</summary>
internal sealed class UnseenMonths(DbSession session)
{
    // Also those that are unseen: who compares one now read the thresholds before this one, and is waited for.
    private const string Mark = "update usage.month_changes set unseen = true where tenant_id = $1 and month >= $2";

    // Whoever changes a month meanwhile waits, and notes it anew after what is seen now.
    private const string Take = """
        with taken as (
            select tenant_id, month from usage.month_changes c
            where unseen and tenant_id <> all ($2) and exists (select from usage.thresholds t where t.tenant_id = c.tenant_id and t.active)
            order by tenant_id, month limit $1
            for update of c skip locked)
        update usage.month_changes c set unseen = false from taken t where c.tenant_id = t.tenant_id and c.month = t.month
        returning c.tenant_id, c.month
        """;

    /// <summary>Has a tenant's months compared again.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="ct">Gives up.</param>
    /// <param name="from">Only the month of this day and those after it; null: all.</param>
    public async Task MarkAsync(OrganizationId tenant, CancellationToken ct, DateOnly? from = null)
    {
        await using var command = new NpgsqlCommand(Mark, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = tenant.Value }, new() { Value = from is { } day ? new DateOnly(day.Year, day.Month, 1) : DateOnly.MinValue },
            },
        };
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The next ones; seen when the caller's transaction commits.</summary>
    /// <param name="most">How many at once.</param>
    /// <param name="without">Not theirs.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<TenantMonth>> TakeAsync(int most, IReadOnlyCollection<Guid> without, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Take, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters = { new() { Value = most }, new() { Value = without.ToArray() } },
        };
        var taken = new List<TenantMonth>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            taken.Add(new(rows.GetGuid(0), rows.GetFieldValue<DateOnly>(1)));
        return taken;
    }
}
