using Licensing.Kernel.Ops;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Licensing.Billing.Exports;

/// <summary>
/// Computes anew what documents and journal say of each other: entries balance, each issued document and each posting of commissions has its own,
/// which come to its total, paid and credited are the sums of what was paid and credited, and no number is missing or twice.
/// </summary>
internal sealed class VerifyJournal(NpgsqlDataSource database)
{
    private const int MostFindings = 100;

    public sealed record Outcome(long Documents, long Entries, IReadOnlyList<string> Findings);

    // One statement is one view of the database.
    private const string Compare =
        """
        with documents as (
            select id, 'Invoice' as kind, number, total as receivable, net, tax, 0 as owed from billing.invoices where number is not null
            union all
            select id, 'CreditNote', number, -total, -net, -tax, 0 from billing.credit_notes
            union all
            select p.id, 'Payment', format('%s-P%s', i.number, lpad(p.number::text, 4, '0')), -p.amount, 0, 0, 0
            from billing.payments p join billing.invoices i on i.id = p.invoice_id
            union all
            select document_id, kind, number, 0, 0, 0, owed from billing.commission_postings),
        booked as (
            select document_id, min(document_kind) as kind, min(document_number) as number, sum(amount) as balance,
                coalesce(sum(amount) filter (where account = 'Receivable'), 0) as receivable,
                -coalesce(sum(amount) filter (where account = 'Revenue'), 0) as net,
                -coalesce(sum(amount) filter (where account = 'Tax'), 0) as tax,
                -coalesce(sum(amount) filter (where account = 'CommissionPayable'), 0) as owed
            from billing.journal_entries group by document_id),
        numbered as (
            select seller_id, split_part(number, '-', 2) as series, substring(number from '[0-9]+$')::int as place, number
            from billing.invoices where number is not null
            union all
            select seller_id, split_part(number, '-', 2), substring(number from '[0-9]+$')::int, number from billing.credit_notes),
        series as (
            select issuer_id, year::text as name, next from billing.number_series
            union all
            select issuer_id, 'CN' || year, next from billing.credit_note_series),
        findings as (
            select d.number, format('%s %s has no entries in the journal', d.kind, d.number) as what
            from documents d left join booked b on b.document_id = d.id where b.document_id is null
            union all
            select b.number, format('the journal has entries of %s %s, which there is not', b.kind, b.number)
            from booked b left join documents d on d.id = b.document_id where d.id is null
            union all
            select d.number, format('%s %s is %s, %s, %s, %s in the journal instead of %s, %s, %s, %s, or does not balance',
                d.kind, d.number, b.receivable, b.net, b.tax, b.owed, d.receivable, d.net, d.tax, d.owed)
            from documents d join booked b on b.document_id = d.id
            where b.balance <> 0 or (b.receivable, b.net, b.tax, b.owed) is distinct from (d.receivable, d.net, d.tax, d.owed)
                or (b.kind, b.number) <> (d.kind, d.number)
            union all
            select i.number, format('invoice %s shows %s paid and %s credited instead of %s and %s', i.number, i.paid, i.credited,
                coalesce(p.amount, 0), coalesce(c.total, 0))
            from billing.invoices i
            left join (select invoice_id, sum(amount) as amount from billing.payments group by invoice_id) p on p.invoice_id = i.id
            left join (select invoice_id, sum(total) as total from billing.credit_notes group by invoice_id) c on c.invoice_id = i.id
            where i.paid <> coalesce(p.amount, 0) or i.credited <> coalesce(c.total, 0)
            union all
            select n.number, format('the lines of %s are %s and %s instead of %s and %s', n.number, l.net, l.tax, n.net, n.tax)
            from (select id, number, net, tax, discounts, credits from billing.invoices where number is not null) n
            join (select invoice_id, sum(net) as net, sum(tax) as tax, sum(cap_reduction + discount) as discounts, sum(credit) as credits
                from billing.invoice_lines group by invoice_id) l on l.invoice_id = n.id
            where (l.net, l.tax, l.discounts, l.credits) is distinct from (n.net, n.tax, n.discounts, n.credits)
            union all
            select null, format('number %s of series %s is missing', g.place, s.name)
            from series s cross join lateral generate_series(1, s.next - 1) as g (place)
            where not exists (select from numbered n where n.seller_id = s.issuer_id and n.series = s.name and n.place = g.place)
            union all
            select n.number, format('number %s is above its series, or in none', n.number)
            from numbered n left join series s on s.issuer_id = n.seller_id and s.name = n.series where s.next is null or n.place >= s.next)
        select (select count(*) from documents), (select count(*) from billing.journal_entries),
            array(select what from findings order by number nulls last, what limit $1)
        """;

    public async Task<Outcome> RunAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand(Compare);
        command.CommandTimeout = 0;
        command.Parameters.Add(new() { Value = MostFindings });
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);
        return new Outcome(row.GetInt64(0), row.GetInt64(1), row.GetFieldValue<string[]>(2));
    }

    public static Refusal Broken(Outcome outcome) => new(
        RefusalKind.Conflict, "journal_broken", $"Invoices and journal do not hold together: {string.Join("; ", outcome.Findings.Take(10))}.");

    public static OpsCommand Ops { get; } = new(
        "billing verify",
        "Proves that numbers have no gaps and that journal, invoices, credit notes, payments and commissions agree; 1 and what is wrong when not.",
        [],
        async (call, ct) =>
        {
            var outcome = await call.Services.GetRequiredService<VerifyJournal>().RunAsync(ct);
            return outcome.Findings.Count > 0 ? Broken(outcome) : new OpsAnswer(new { outcome.Documents, outcome.Entries, Journal = "balanced" });
        });
}
