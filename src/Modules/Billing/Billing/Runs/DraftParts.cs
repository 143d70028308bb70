namespace Licensing.Billing.Runs;

/// <summary>Writes the drafts of a chunk whose rows are refused, but for those of whose they are.</summary>
internal sealed class DraftParts(ChunkParts parts, InvoiceWriter writer)
{
    /// <returns>The chunk without those whose rows are refused.</returns>
    public async Task<BilledChunk> WriteAsync(BillingRun run, int chunk, BilledChunk rated, CancellationToken ct)
    {
        // A tenant's bills stand or fall together.
        var tenants = new List<(int First, TenantBill[] Bills)>();
        foreach (var bills in rated.Bills.GroupBy(bill => bill.Tenant.Id))
            tenants.Add((tenants.Sum(x => x.Bills.Length), [.. bills]));
        var parked = await parts.WithoutRefusedAsync(run, tenants, async some =>
        {
            var rows = InvoiceWriter.Rows(run, chunk, [.. some.SelectMany(x => x.Bills)], some[0].First);
            try
            {
                await writer.WriteAsync(rows, ct);
            }
            finally
            {
                rows.GiveBack();
            }
        }, x => x.Bills[0].Tenant, ct);
        var left = parked.Select(x => x.Id).ToHashSet();
        return left.Count == 0 ? rated : new BilledChunk(
            [.. rated.Bills.Where(bill => !left.Contains(bill.Tenant.Id))],
            [.. rated.NotBilled.Where(x => !left.Contains(x.Id)).Concat(parked).OrderBy(x => x.Id.Value)])
        {
            Settled = [.. rated.Settled.Where(x => !left.Contains(x.TenantId))],
            LatePrices = rated.LatePrices,
        };
    }
}
