using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Billing.Runs;

/// <summary>
/// Does the work of a chunk that the database has refused again and again: in halves, until the tenant whose rows are refused is alone. He is left
/// out, the others are billed. All in the caller's transaction, so that nobody sees less than the whole chunk.
/// </summary>
internal sealed class ChunkParts(DbSession session, RunMeter meter, ILogger<ChunkParts> log)
{
    /// <summary>
    /// What is wrong with the rows themselves: constraints, also those that triggers check (P0001), numbers out of range, rows too large. Not
    /// connections or locks, nor damaged pages (XX), which cost the connection and with it the transaction of all parts.
    /// </summary>
    public static bool IsOfRows(Exception failure) =>
        failure is OverflowException or PostgresException { SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] or PostgresErrorCodes.RaiseException };

    /// <param name="run">Of the chunk.</param>
    /// <param name="all">One item per tenant, in the order in which they are billed.</param>
    /// <param name="work">Writes some of them; of those before it, what they wrote is there.</param>
    /// <param name="tenantOf">Whose it is.</param>
    /// <param name="ct">Cancels.</param>
    /// <returns>Those left out.</returns>
    public async Task<List<ParkedTenant>> WithoutRefusedAsync<T>(
        BillingRun run, IReadOnlyList<T> all, Func<ArraySegment<T>, Task> work, Func<T, OrganizationRef> tenantOf, CancellationToken ct)
    {
        var left = new List<ParkedTenant>();
        await WithoutRefusedAsync(new ArraySegment<T>([.. all]), work, (one, failure) => left.Add(Parked(run, tenantOf(one), failure)), ct);
        return left;
    }

    private async Task WithoutRefusedAsync<T>(
        ArraySegment<T> some, Func<ArraySegment<T>, Task> work, Action<T, Exception> refused, CancellationToken ct)
    {
        if (some.Count == 0)
            return;
        var transaction = session.Transaction!;
        await transaction.SaveAsync("part", ct);
        try
        {
            await work(some);
            await transaction.ReleaseAsync("part", ct);
            return;
        }
        catch (Exception failure) when (IsOfRows(failure))
        {
            await transaction.RollbackAsync("part", ct);
            await transaction.ReleaseAsync("part", ct);
            if (some.Count == 1)
            {
                refused(some[0], failure);
                return;
            }
        }

        var half = some.Count / 2;
        await WithoutRefusedAsync(some[..half], work, refused, ct);
        await WithoutRefusedAsync(some[half..], work, refused, ct);
    }

    private ParkedTenant Parked(BillingRun run, OrganizationRef tenant, Exception failure)
    {
        var refusal = RunRefusals.RowsRefused((failure as PostgresException)?.ConstraintName);
        log.LogError(failure, "Tenant {Tenant} is not billed for {Period}: the database refuses his rows.", tenant.Id.Value, run.Period);
        meter.Parked(refusal.Code);
        return new ParkedTenant(tenant.Id, tenant.ExternalId, refusal.Code, refusal.Message);
    }
}
