using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Billing.Ledger;

/// <summary>Opens accounts where they are first needed, and holds those that somebody is going to change.</summary>
internal sealed class LedgerAccounts(BillingDb db, DbSession session, TimeProvider clock)
{
    /// <summary>Accounts of the same owner as <paramref name="sibling"/>.</summary>
    public Task<Dictionary<(AccountKind, string), LedgerAccount>> OpenAsync(
        LedgerAccount sibling, AccountKind[] kinds, IReadOnlyList<string> units, CancellationToken ct) =>
        OpenAsync(sibling.OwnerId, sibling.OwnerPath, kinds, units, ct);

    /// <summary>Whoever opens the same account at the same moment waits here and then finds it.</summary>
    public async Task<Dictionary<(AccountKind, string), LedgerAccount>> OpenAsync(
        OrganizationId owner, string path, AccountKind[] kinds, IReadOnlyList<string> units, CancellationToken ct)
    {
        var wanted = units.Order(StringComparer.Ordinal).SelectMany(_ => kinds, (unit, kind) => (Kind: kind, Unit: unit)).ToList();
        var known = await FindAsync();
        if (wanted.TrueForAll(known.ContainsKey))
            return known;

        var now = clock.GetUtcNow();
        await using (var command = new NpgsqlCommand(
            """
            insert into billing.ledger_accounts (id, owner_id, owner_path, kind, unit, created_at)
            select id, $2, $3, kind, unit, $6 from unnest($1, $4, $5) as w (id, kind, unit) order by unit, kind
            on conflict (owner_id, kind, unit) do nothing
            """, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = wanted.Select(_ => Id.NewGuid(now)).ToArray() }, new() { Value = owner.Value }, new() { Value = path },
                new() { Value = wanted.Select(x => x.Kind.ToString()).ToArray() }, new() { Value = wanted.Select(x => x.Unit).ToArray() },
                new() { Value = now },
            },
        })
            await command.ExecuteNonQueryAsync(ct);
        return await FindAsync();

        Task<Dictionary<(AccountKind, string), LedgerAccount>> FindAsync() => db.LedgerAccounts.AsNoTracking()
            .Where(x => x.OwnerId == owner && kinds.Contains(x.Kind) && units.Contains(x.Unit)).ToDictionaryAsync(x => (x.Kind, x.Unit), ct);
    }

    /// <summary>Holds the prepaid accounts of these owners and units until the transaction ends, always in the same order.</summary>
    public async Task LockAsync(Guid[] owners, string[] units, CancellationToken ct) =>
        await db.LedgerAccounts.FromSql($"""
            select id, owner_id, owner_path, kind, unit, created_at from billing.ledger_accounts
            where owner_id = any ({owners}) and kind = 'Prepaid' and unit = any ({units})
            order by owner_id, unit for no key update
            """)
            .AsNoTracking().ToListAsync(ct);
}
