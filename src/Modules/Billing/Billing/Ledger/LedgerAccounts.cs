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
        OrganizationId owner, string path, AccountKind[] kinds, IReadOnlyList<string> units, CancellationToken ct) =>
        (await OpenAsync([.. units.Distinct().SelectMany(_ => kinds, (unit, kind) => new Wanted(owner.Value, path, kind, unit))], ct))
        .ToDictionary(x => (x.Kind, x.Unit));

    /// <summary>One of this kind beside each of many accounts, of its owner and unit; all that are missing by one statement.</summary>
    public Task<List<LedgerAccount>> OpenAsync(IReadOnlyList<LedgerAccount> siblings, AccountKind kind, CancellationToken ct) =>
        OpenAsync([.. siblings.Select(x => new Wanted(x.OwnerId.Value, x.OwnerPath, kind, x.Unit))], ct);

    private async Task<List<LedgerAccount>> OpenAsync(IReadOnlyList<Wanted> wanted, CancellationToken ct)
    {
        var (owners, kinds, units) = (
            wanted.Select(x => x.Owner).ToArray(), wanted.Select(x => x.Kind.ToString()).ToArray(), wanted.Select(x => x.Unit).ToArray());
        var known = await FindAsync();
        if (known.Count == wanted.Count)
            return known;

        var now = clock.GetUtcNow();
        // In one order for all, so that none waits for whom another waits for.
        await using (var command = new NpgsqlCommand(
            """
            insert into billing.ledger_accounts (id, owner_id, owner_path, kind, unit, created_at)
            select id, owner_id, owner_path, kind, unit, $6 from unnest($1, $2, $3, $4, $5) as w (id, owner_id, owner_path, kind, unit)
            order by owner_id, unit, kind
            on conflict (owner_id, kind, unit) do nothing
            """, await session.OpenAsync(ct), session.Transaction)
        {
            Parameters =
            {
                new() { Value = wanted.Select(_ => Id.NewGuid(now)).ToArray() }, new() { Value = owners },
                new() { Value = wanted.Select(x => x.Path).ToArray() }, new() { Value = kinds }, new() { Value = units }, new() { Value = now },
            },
        })
            await command.ExecuteNonQueryAsync(ct);
        return await FindAsync();

        Task<List<LedgerAccount>> FindAsync() => db.LedgerAccounts.FromSql($"""
            select a.id, a.owner_id, a.owner_path, a.kind, a.unit, a.created_at
            from unnest({owners}, {kinds}, {units}) as w (owner_id, kind, unit)
            join billing.ledger_accounts a on a.owner_id = w.owner_id and a.kind = w.kind and a.unit = w.unit
            """)
            .AsNoTracking().ToListAsync(ct);
    }

    /// <summary>Holds the prepaid accounts of these owners and units until the transaction ends, always in the same order.</summary>
    public async Task LockAsync(Guid[] owners, string[] units, CancellationToken ct) =>
        await db.LedgerAccounts.FromSql($"""
            select id, owner_id, owner_path, kind, unit, created_at from billing.ledger_accounts
            where owner_id = any ({owners}) and kind = 'Prepaid' and unit = any ({units})
            order by owner_id, unit for no key update
            """)
            .AsNoTracking().ToListAsync(ct);

    private sealed record Wanted(Guid Owner, string Path, AccountKind Kind, string Unit);
}
