using System.Text.Json.Nodes;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Billing.Ledger;

/// <summary>A transaction with all that it adds to accounts.</summary>
internal sealed record Booking(LedgerTransaction Transaction, IReadOnlyList<Posting> Postings);

/// <summary>
/// The one way into the ledger: any number of transactions with their entries in one statement, as the database demands it. Who comes
/// here holds the prepaid accounts that it is about, so that nobody else numbers the entries of theirs. Who watches one of them learns of it here.
/// </summary>
internal sealed class LedgerWriter(DbSession session, CreditWatch watch)
{
    private const string Write =
        """
        with booked as (
            insert into billing.ledger_transactions (id, owner_id, owner_path, kind, key, reference, description, entries, created_at, counterpart_id)
            select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::timestamptz[],
                $16::uuid[]))
        insert into billing.ledger_entries (transaction_id, position, account_id, unit, lot_id, amount, number, balance_after)
        select e.transaction_id, e.position, e.account_id, e.unit, e.lot_id, e.amount,
            b.entries + row_number() over account, b.balance + sum(e.amount) over account
        from unnest($10::uuid[], $11::int[], $12::uuid[], $13::text[], $14::uuid[], $15::numeric[]) with ordinality
            as e (transaction_id, position, account_id, unit, lot_id, amount, place)
        join billing.ledger_balances b on b.account_id = e.account_id
        window account as (partition by e.account_id order by e.place rows unbounded preceding)
        """;

    public async Task WriteAsync(IReadOnlyList<Booking> bookings, CancellationToken ct)
    {
        var entries = bookings.SelectMany(
            b => b.Postings, (b, posting) => (b.Transaction.Id, posting)).ToList();
        var positions = bookings.SelectMany(b => Enumerable.Range(1, b.Postings.Count)).ToArray();
        var heads = bookings.Select(b => b.Transaction).ToList();
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        batch.BatchCommands.Add(new(Write)
        {
            Parameters =
            {
                Each(heads, x => x.Id), Each(heads, x => x.OwnerId.Value), Each(heads, x => x.OwnerPath), Each(heads, x => x.Kind.ToString()),
                Each(heads, x => x.Key), Each(heads, x => x.Reference), Each(heads, x => x.Description), Each(heads, x => x.Entries),
                Each(heads, x => x.CreatedAt),
                Each(entries, x => x.Id), new() { Value = positions }, Each(entries, x => x.posting.Account.Id),
                Each(entries, x => x.posting.Account.Unit), Each(entries, x => x.posting.Lot), Each(entries, x => x.posting.Amount),
                Each(heads, x => x.CounterpartId),
            },
        });
        await watch.LookAsync(batch, bookings, ct);
    }

    /// <summary>What the audit trail tells of a booking: what was done, and what it added to the credit.</summary>
    public static AuditedChange ChangeOf(Booking booking)
    {
        var transaction = booking.Transaction;
        var amounts = new JsonObject();
        foreach (var unit in booking.Postings.Where(p => p.Lot is not null).GroupBy(p => p.Account.Unit, StringComparer.Ordinal))
            amounts[unit.Key] = unit.Sum(p => p.Amount);
        var changes = new JsonObject
        {
            ["kind"] = New(transaction.Kind.ToString()),
            ["key"] = New(transaction.Key),
            ["reference"] = New(transaction.Reference),
            ["amounts"] = New(amounts),
        };
        return new("ledger_transaction", transaction.Id.ToString(), transaction.OwnerPath, changes);
    }

    /// <summary>
    /// Of many of one act: for each owner how many there were, from which to which, and what they added up to. The ledger has each, of the same
    /// instant.
    /// </summary>
    public static IEnumerable<AuditedChange> ChangesOf(IReadOnlyCollection<Booking> bookings) =>
        bookings.GroupBy(x => (x.Transaction.OwnerId, x.Transaction.OwnerPath, x.Transaction.Kind)).Select(of =>
        {
            var amounts = new JsonObject();
            foreach (var unit in of.SelectMany(x => x.Postings).Where(x => x.Lot is not null).GroupBy(x => x.Account.Unit, StringComparer.Ordinal))
                amounts[unit.Key] = unit.Sum(x => x.Amount);
            var (first, last) = (of.First().Transaction, of.Last().Transaction);
            return new AuditedChange("ledger_transactions", of.Key.OwnerId.Value.ToString(), of.Key.OwnerPath, new JsonObject
            {
                ["kind"] = New(of.Key.Kind.ToString()),
                ["count"] = New(of.Count()),
                ["createdAt"] = New(first.CreatedAt),
                ["references"] = New(new JsonObject { ["first"] = first.Reference, ["last"] = last.Reference }),
                ["amounts"] = New(amounts),
            });
        });

    private static JsonObject New(JsonNode value) => new() { ["old"] = null, ["new"] = value };

    private static NpgsqlParameter Each<T, TValue>(IReadOnlyList<T> rows, Func<T, TValue> value) => new() { Value = rows.Select(value).ToArray() };
}
