using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Licensing.Provisioning.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Ledger;

/// <summary>
/// Moves credit from one owner's account to another's. It is what it was: each part keeps the end of the lot that it came from. Both accounts
/// are locked in one order, by whoever transfers which way, and only then is the clock asked what can still be spent.
/// </summary>
internal sealed class CreditTransfers(BillingDb db, LedgerAccounts accounts, LedgerWriter writer, AuditTrail audit, TimeProvider clock)
{
    private static readonly AccountKind[] Kinds = [AccountKind.Prepaid, AccountKind.Transferred];

    /// <param name="from">Who gives; held.</param>
    /// <param name="to">Who gets; held, and another.</param>
    /// <param name="key">Once for who gives.</param>
    /// <param name="amount">Above 0; whole or not at all.</param>
    /// <param name="description">For people.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The side of who gives; asked again under the same key the first one. Refused where the key was used for something else, or
    /// where there is less.</returns>
    public async Task<Result<LedgerTransaction>> TransferAsync(
        OrganizationRef from, OrganizationRef to, string key, CreditAmount amount, string? description, CancellationToken ct)
    {
        var opened = new Dictionary<OrganizationId, Dictionary<(AccountKind, string), LedgerAccount>>();
        foreach (var owner in new[] { from, to }.OrderBy(x => x.Id.Value))
            opened[owner.Id] = await accounts.OpenAsync(owner.Id, owner.Path, Kinds, [amount.Unit], ct);
        await accounts.LockAsync([from.Id.Value, to.Id.Value], [amount.Unit], ct);
        if (await db.LedgerTransactions.AsNoTracking().SingleOrDefaultAsync(
            x => x.OwnerId == from.Id && x.Kind == TransactionKind.TransferOut && x.Key == key, ct) is { } before)
            return await IsSameAsync(before, to.Id, amount, ct) ? before : LedgerRefusals.TransferReferenceUsed;

        var now = clock.GetUtcNow();
        var (source, target) = (opened[from.Id][(AccountKind.Prepaid, amount.Unit)], opened[to.Id][(AccountKind.Prepaid, amount.Unit)]);
        // Those without an end come last, as PostgreSQL orders them.
        var lots = await db.CreditLots.AsNoTracking().Where(CreditLot.SpendableAt(now)).Where(x => x.AccountId == source.Id)
            .OrderBy(x => x.ExpiresAt).ThenBy(x => x.Id).ToListAsync(ct);
        var available = lots.Sum(x => x.Remaining);
        if (available < amount.Amount)
            return LedgerRefusals.Insufficient(amount, available);

        var taken = new SpendableLots(source, available, [.. lots.Select(x => (x.Id, x.Remaining))]).Take(amount.Amount).ToList();
        var ends = lots.ToDictionary(x => x.Id, x => x.ExpiresAt);
        var parts = taken.ConvertAll(part => (Amount: -part.Amount, Lot: CreditLot.Open(target.Id, ends[part.Lot!.Value], now, part.Lot)));
        foreach (var (_, lot) in parts)
        {
            db.Add(lot);
            if (lot.ExpiresAt is { } end)
                db.Publish(new CreditLapseDue(lot.Id), end);
        }

        // Lots come before the entries that fill them.
        await db.SaveChangesAsync(ct);
        var (given, got) = LedgerTransaction.Transfer(source, target, key, description, taken.Count + 1, now);
        List<Booking> bookings =
        [
            new(given, [.. taken, new(opened[from.Id][(AccountKind.Transferred, amount.Unit)], amount.Amount)]),
            new(got, [
                .. parts.Select(x => new Posting(target, x.Amount, x.Lot.Id)),
                new(opened[to.Id][(AccountKind.Transferred, amount.Unit)], -amount.Amount),
            ]),
        ];
        await writer.WriteAsync(bookings, ct);
        foreach (var booking in bookings)
            audit.Note(LedgerWriter.ChangeOf(booking));
        return given;
    }

    private async Task<bool> IsSameAsync(LedgerTransaction before, OrganizationId to, CreditAmount amount, CancellationToken ct) =>
        await db.LedgerTransactions.AnyAsync(x => x.Id == before.CounterpartId && x.OwnerId == to, ct)
        && await db.LedgerEntries.Where(x => x.TransactionId == before.Id && x.LotId != null && x.Unit == amount.Unit).SumAsync(x => x.Amount, ct)
            == -amount.Amount;
}
