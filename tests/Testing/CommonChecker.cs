using System.Net;
using System.Net.Http.Headers;
using Licensing.Identity.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Shouldly;

namespace Licensing.Testing;

/// <summary>
/// What must hold after every fault, whatever it was: the ledger, the invoices, what they and the rollups were made of, whose rows are whose, and
/// that the service answers.
/// That each acknowledged effect is there once is for the test to say, which knows what was acknowledged. A check that cannot be read
/// fails; it never counts as nothing found.
/// </summary>
public static class CommonChecker
{
    // Each finds what is wrong. What the database forbids by a key is looked for all the same: a fault may have hit the key's index.
    private static readonly (string Rule, string Sql)[] All =
    [
        .. Recomputed.Rules,
        ("a usage record counts once for its tenant", """
            select record_id || ' of ' || tenant_id from usage.records group by record_id, tenant_id having count(*) > 1
            """),
        ("an invoice is the sum of its lines", """
            select i.id::text from billing.invoices i left join billing.invoice_lines l on l.invoice_id = i.id
            group by i.id, i.net, i.tax, i.total, i.line_count
            having i.net <> coalesce(sum(l.net), 0) or i.tax <> coalesce(sum(l.tax), 0) or i.total <> i.net + i.tax
                or i.line_count <> count(l.position)
            """),
        ("a tenant has one invoice of a seller, period and kind that is not void", """
            select tenant_id::text || ' ' || period_start from billing.invoices where status <> 'Void'
            group by tenant_id, seller_id, period_start, period_end, kind having count(*) > 1
            """),
        ("nothing is billed twice", """
            select l.subscription_id::text || ' ' || l.charge_key || l.sku || ' ' || l.meter || ' ' || l.starts_on
            from billing.invoice_lines l join billing.invoices i on i.id = l.invoice_id where i.status <> 'Void'
            group by l.tenant_id, l.subscription_id, l.charge_key, l.sku, l.meter, l.region, l.starts_on, l.adjustment having count(*) > 1
            """),
        ("a numbered invoice is in the journal as what it is, and balances there", """
            select i.number from billing.invoices i
            left join (
                select document_id, sum(amount) as off, coalesce(sum(amount) filter (where account = 'Receivable'), 0) as receivable
                from billing.journal_entries group by document_id) j on j.document_id = i.id
            where i.number is not null and (j.document_id is null or j.off <> 0 or j.receivable <> i.total)
            """),
        ("an invoice shows what was paid and credited of it, and no more is credited than it was", """
            select i.number from billing.invoices i
            left join (select invoice_id, sum(amount) as sum from billing.payments group by invoice_id) p on p.invoice_id = i.id
            left join (select invoice_id, sum(total) as sum from billing.credit_notes group by invoice_id) c on c.invoice_id = i.id
            where i.paid <> coalesce(p.sum, 0) or i.credited <> coalesce(c.sum, 0) or abs(i.credited) > abs(i.total)
            """),
        ("numbers have no gaps", """
            select seller_id::text || ' has ' || count(*) || ' numbers up to ' || max(number) from (
                select seller_id, number, substring(number from '^(.*)-\d+$') as series, substring(number from '\d+$')::int as n
                from billing.invoices where number is not null) x
            group by seller_id, series having count(*) <> max(n) or count(distinct n) <> count(*) or min(n) <> 1
            """),
        ("numbers of credit notes have none either", """
            select seller_id::text || ' has ' || count(*) || ' numbers up to ' || max(number) from (
                select seller_id, number, substring(number from '^(.*)-\d+$') as series, substring(number from '\d+$')::int as n
                from billing.credit_notes) x
            group by seller_id, series having count(*) <> max(n) or count(distinct n) <> count(*) or min(n) <> 1
            """),
        ("a credit note is the sum of its lines and in the journal as what it is", """
            select n.number from billing.credit_notes n
            left join (
                select credit_note_id, count(*) as lines, sum(net) as net, sum(tax) as tax from billing.credit_note_lines group by credit_note_id) l
                on l.credit_note_id = n.id
            left join (
                select document_id, sum(amount) as off, coalesce(sum(amount) filter (where account = 'Receivable'), 0) as receivable
                from billing.journal_entries group by document_id) j on j.document_id = n.id
            where (n.line_count, n.net, n.tax, n.total) is distinct from (l.lines, l.net, l.tax, l.net + l.tax)
                or j.document_id is null or j.off <> 0 or j.receivable <> -n.total
            """),
        ("a line belongs to its invoice's tenant", """
            select i.id::text from billing.invoices i join billing.invoice_lines l on l.invoice_id = i.id where l.tenant_id <> i.tenant_id
            """),
        ("a line is of its tenant's subscription", """
            select l.invoice_id::text from billing.invoice_lines l join provisioning.subscriptions s on s.id = l.subscription_id
            where s.tenant_id <> l.tenant_id
            """),
        ("a usage record is of its tenant's subscription", """
            select r.record_id from usage.records r join provisioning.subscriptions s on s.id = r.subscription_id where s.tenant_id <> r.tenant_id
            """),
        ("a balance is the sum of its entries and never overspent", """
            select b.account_id::text from billing.ledger_balances b left join billing.ledger_entries e on e.account_id = b.account_id
            group by b.account_id, b.balance, b.kind
            having b.balance <> coalesce(sum(e.amount), 0) or (b.kind = 'Prepaid' and b.balance < 0)
            """),
        ("an entry follows the one before it in its account", """
            select account_id || ' ' || number from (
                select account_id, number, amount, balance_after, lag(number, 1, 0::bigint) over account as number_before,
                    lag(balance_after, 1, 0::numeric) over account as balance_before
                from billing.ledger_entries window account as (partition by account_id order by number)) x
            where number <> number_before + 1 or balance_after <> balance_before + amount
            """),
        ("a money action is done once and has all its entries", """
            select t.id::text from billing.ledger_transactions t left join billing.ledger_entries e on e.transaction_id = t.id
            group by t.id, t.entries having count(e.position) <> t.entries
            union all
            select owner_id || ' ' || kind || ' ' || key from billing.ledger_transactions group by owner_id, kind, key having count(*) > 1
            """),
        ("no more is given back than was spent", """
            select b.id::text from billing.ledger_transactions b
            left join billing.ledger_transactions s on s.owner_id = b.owner_id and s.kind = 'Spending' and s.key = b.key
            where b.kind = 'GivingBack' and (s.id is null or exists (
                select from billing.ledger_entries e where e.transaction_id in (b.id, s.id) group by e.account_id having sum(e.amount) <> 0))
            """),
        ("a ledger transaction balances", """
            select transaction_id::text from billing.ledger_entries group by transaction_id, unit having sum(amount) <> 0
            """),
        ("all accounts of a unit come to nothing", """
            select a.unit from billing.ledger_balances b join billing.ledger_accounts a on a.id = b.account_id
            group by a.unit having sum(b.balance) <> 0
            union all
            select a.unit || ' transferred' from billing.ledger_balances b join billing.ledger_accounts a on a.id = b.account_id
            where a.kind = 'Transferred' group by a.unit having sum(b.balance) <> 0
            """),
        ("a transfer has two sides, of the same with the same ends", """
            select t.id::text from billing.ledger_transactions t left join billing.ledger_transactions o on o.id = t.counterpart_id
            where t.kind in ('TransferOut', 'TransferIn') and (o.counterpart_id is distinct from t.id or exists (
                select from billing.ledger_entries e join billing.credit_lots l on l.id = e.lot_id where e.transaction_id in (t.id, o.id)
                group by e.unit, l.expires_at having sum(e.amount) <> 0))
            """),
        ("the journal owes of commissions what is not paid out, and what the last statements carry on", """
            select coalesce(j.organization_id, o.organization_id)::text from (
                select tenant_id as organization_id, currency, -sum(amount) as owed from billing.journal_entries
                where account = 'CommissionPayable' group by 1, 2) j
            full join (
                select organization_id, currency, sum(amount) as owed from (
                    select organization_id, currency, amount from commissions.payouts where paid_on is null
                    union all
                    select organization_id, currency, carried_out from (
                        select distinct on (organization_id) id, organization_id, currency, carried_out from commissions.statements
                        order by organization_id, closing desc) last
                    where not exists (select from commissions.settlements s where s.statement_id = last.id)) x
                group by 1, 2) o using (organization_id, currency)
            where coalesce(j.owed, 0) <> coalesce(o.owed, 0) and not exists (select from commissions.closings where not posted)
            """),
        ("a lot holds what its entries leave, never less than nothing", """
            select l.id::text from billing.credit_lots l left join billing.ledger_entries e on e.lot_id = l.id
            group by l.id, l.remaining having l.remaining <> coalesce(sum(e.amount), 0) or l.remaining < 0
            """),
    ];

    /// <summary>What it demands, in words.</summary>
    public static IEnumerable<string> Rules => All.Select(rule => rule.Rule);

    /// <summary>Fails with every rule that does not hold, and the first things that break it.</summary>
    /// <param name="connectionString">To the database itself, not through what was faulted.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task HoldsAsync(string connectionString, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(ct);
        (await BrokenAsync(connection, ct)).ShouldBeEmpty();
    }

    /// <summary>The same for a host of the test's own process, which has to answer besides.</summary>
    public static async Task HoldsAsync(App app, CancellationToken ct)
    {
        var platform = await app.InAsync<IOrganizationDirectory, OrganizationRef>(d => d.PlatformAsync(ct));
        using (var client = app.As(Roles.PlatformAdministrator, platform.Id.Value, platform.Path))
            await AnswersAsync(client, ct);
        await using var connection = await app.Services.GetRequiredService<NpgsqlDataSource>().OpenConnectionAsync(ct);
        (await BrokenAsync(connection, ct)).ShouldBeEmpty();
    }

    /// <summary>Every rule that does not hold, and the first things that break it, as one connection sees it.</summary>
    public static async Task<IReadOnlyList<string>> BrokenAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var broken = new List<string>();
        foreach (var (rule, sql) in All)
        {
            await using var command = new NpgsqlCommand(
                $"select coalesce(array_agg(what), '{{}}') from (select * from ({sql}) as wrong(what) limit 5) as found", connection);
            // However much there is to be added up.
            command.CommandTimeout = 0;
            if (await command.ExecuteScalarAsync(ct) is not string[] found)
                throw new InvalidOperationException($"Could not be read: {rule}.");
            if (found.Length > 0)
                broken.Add($"{rule}: {string.Join("; ", found)}");
        }

        return broken;
    }

    /// <summary>Waits, with the patience of all tests, until the service answers an authenticated read with 200.</summary>
    /// <param name="address">Of the host.</param>
    /// <param name="token">A bearer token or an API key.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task AnswersAsync(Uri address, string token, CancellationToken ct)
    {
        using var client = new HttpClient { BaseAddress = address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        await AnswersAsync(client, ct);
    }

    private static Task AnswersAsync(HttpClient client, CancellationToken ct) => Eventually.TrueAsync(async () =>
    {
        try
        {
            using var answer = await client.GetAsync(new Uri("/api/v1/tenants?limit=1", UriKind.Relative), ct);
            return answer.StatusCode is HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });
}
