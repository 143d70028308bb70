using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Billing.Runs;

/// <summary>
/// Writes the drafts of a chunk that the database has refused again and again: in halves, until whose rows it does not take is alone. He is left
/// out; the others are billed. All in the caller's transaction, so that nobody sees less than the whole chunk.
/// </summary>
internal sealed class DraftParts(DbSession session, InvoiceWriter writer, RunMeter meter, ILogger<DraftParts> log)
{
    /// <summary>What is wrong with the rows themselves: constraints, numbers out of range, rows too large; not connections or locks.</summary>
    public static bool IsOfRows(Exception failure) =>
        failure is OverflowException or PostgresException { SqlState: ['2', '2' or '3', ..] or ['5', '4', ..] or PostgresErrorCodes.RaiseException };

    /// <returns>The chunk without those whose rows are refused.</returns>
    public async Task<BilledChunk> WriteAsync(BillingRun run, int chunk, BilledChunk rated, CancellationToken ct)
    {
        // A tenant's bills stand or fall together.
        var tenants = new List<(int First, TenantBill[] Bills)>();
        foreach (var bills in rated.Bills.GroupBy(bill => bill.Tenant.Id))
            tenants.Add((tenants.Sum(x => x.Bills.Length), [.. bills]));
        var left = new Dictionary<OrganizationId, ParkedTenant>();
        await WriteAsync(run, chunk, tenants, left, ct);
        return left.Count == 0 ? rated : new BilledChunk(
            [.. rated.Bills.Where(bill => !left.ContainsKey(bill.Tenant.Id))],
            [.. rated.NotBilled.Where(x => !left.ContainsKey(x.Id)).Concat(left.Values).OrderBy(x => x.Id.Value)])
        {
            Settled = [.. rated.Settled.Where(x => !left.ContainsKey(x.TenantId))],
        };
    }

    private async Task WriteAsync(
        BillingRun run, int chunk, List<(int First, TenantBill[] Bills)> tenants, Dictionary<OrganizationId, ParkedTenant> left, CancellationToken ct)
    {
        if (tenants.Count == 0)
            return;
        var transaction = session.Transaction!;
        await transaction.SaveAsync("part", ct);
        try
        {
            var rows = InvoiceWriter.Rows(run, chunk, [.. tenants.SelectMany(x => x.Bills)], tenants[0].First);
            try
            {
                await writer.WriteAsync(rows, ct);
            }
            finally
            {
                rows.GiveBack();
            }

            await transaction.ReleaseAsync("part", ct);
            return;
        }
        catch (Exception failure) when (IsOfRows(failure))
        {
            await transaction.RollbackAsync("part", ct);
            await transaction.ReleaseAsync("part", ct);
            if (tenants.Count == 1)
            {
                Park(run, tenants[0].Bills[0].Tenant, failure, left);
                return;
            }
        }

        var half = tenants.Count / 2;
        await WriteAsync(run, chunk, tenants[..half], left, ct);
        await WriteAsync(run, chunk, tenants[half..], left, ct);
    }

    private void Park(BillingRun run, OrganizationRef tenant, Exception failure, Dictionary<OrganizationId, ParkedTenant> left)
    {
        var refusal = RunRefusals.RowsRefused((failure as PostgresException)?.ConstraintName);
        log.LogError(failure, "Tenant {Tenant} is not billed for {Period}: the database refuses his rows.", tenant.Id.Value, run.Period);
        meter.Parked(refusal.Code);
        left[tenant.Id] = new ParkedTenant(tenant.Id, tenant.ExternalId, refusal.Code, refusal.Message);
    }
}
