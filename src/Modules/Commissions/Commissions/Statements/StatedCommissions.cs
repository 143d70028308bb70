using System.Text.Json;
using Licensing.Billing.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Commissions.Statements;

/// <summary>Reads what frozen statements have told so far.</summary>
internal sealed class StatedCommissions(DbSession session)
{
    private const string Sums =
        """
        select organization_id, round(sum(basis), 12), sum(gross), sum(overridden) from (
            select organization_id, basis, gross, overridden, owner_path from commissions.statements where period_start = $1
            union all
            select a.organization_id, a.basis, a.gross, a.overridden, s.owner_path
            from commissions.adjustments a join commissions.statements s on s.id = a.statement_id where a.month = $1) told
        where exists (select from unnest($2, $3) as reach (low, high) where owner_path >= low and owner_path < high)
        group by organization_id
        """;

    // What was taken back has a line of each sort.
    private const string Standing =
        """
        select l.organization_id, l.document_id, l.invoice_id, l.number, l.tenant_id, l.invoiced, l.currency, l.rate, l.net, l.commission,
            l.parts::text
        from commissions.lines l
        where l.month = $1 and l.organization_id = any ($2) and not l.reverses
            and l.statement_id in (
                select id from commissions.statements where period_start = $1 union all
                select statement_id from commissions.adjustments where month = $1)
            and not exists (
                select from commissions.statement_lines r
                where r.organization_id = l.organization_id and r.document_id = l.document_id and r.reverses)
        """;

    private const string LastCarried =
        """
        select o.id, s.carried_out, case when s.carried_out = 0 then s.period_end else commissions.carried_until(o.id, s.closing) end
        from unnest($1) as o (id) cross join lateral (
            select id, carried_out, period_end, closing from commissions.statements where organization_id = o.id order by closing desc limit 1) s
        where not exists (select from commissions.settlements x where x.statement_id = s.id)
        """;

    /// <summary>By organisation under the scope; absent whom nothing was told of the month.</summary>
    public async Task<IReadOnlyDictionary<OrganizationId, StatedMonth>> OfAsync(Period month, Scope scope, CancellationToken ct)
    {
        var connection = await session.OpenAsync(ct);
        var told = new Dictionary<OrganizationId, StatedMonth>();
        await using (var select = new NpgsqlCommand(Sums, connection))
        {
            select.Parameters.Add(new() { Value = month.Start, NpgsqlDbType = NpgsqlDbType.Date });
            AddReach(select, scope);
            await using var row = await select.ExecuteReaderAsync(ct);
            while (await row.ReadAsync(ct))
                told[new OrganizationId(row.GetGuid(0))] = new StatedMonth(
                    row.GetDecimal(1), row.GetDecimal(2), row.GetDecimal(3), new Dictionary<Guid, EarnedLine>());
        }

        await using (var select = new NpgsqlCommand(Standing, connection))
        {
            select.Parameters.Add(new() { Value = month.Start, NpgsqlDbType = NpgsqlDbType.Date });
            select.Parameters.Add(new() { Value = told.Keys.Select(x => x.Value).ToArray() });
            await using var row = await select.ExecuteReaderAsync(ct);
            while (await row.ReadAsync(ct))
            {
                var (document, invoice) = (row.GetGuid(1), row.GetGuid(2));
                var net = new InvoicedNet(
                    new InvoiceId(invoice), row.GetString(3), new OrganizationId(row.GetGuid(4)), "",
                    new Money(row.GetDecimal(5), Currency.Parse(row.GetString(6))))
                {
                    CreditNoteId = document == invoice ? null : new CreditNoteId(document),
                    InvoicePeriod = month,
                };
                var documents = (Dictionary<Guid, EarnedLine>)told[new OrganizationId(row.GetGuid(0))].Documents;
                documents[document] = new EarnedLine(net, row.GetDecimal(7), row.GetDecimal(8), row.GetDecimal(9))
                {
                    Parts = JsonSerializer.Deserialize<List<EarnedPart>>(row.GetString(10), StoredJson.Options)!,
                };
            }
        }

        return told;
    }

    /// <summary>
    /// What each one's last statement did not pay out and nobody has settled; by the key of statements, of whom there may be many of each.
    /// </summary>
    public async Task<IReadOnlyDictionary<OrganizationId, Carried>> CarriedAsync(IEnumerable<OrganizationId> earners, CancellationToken ct)
    {
        await using var select = new NpgsqlCommand(LastCarried, await session.OpenAsync(ct));
        select.Parameters.Add(new() { Value = earners.Select(x => x.Value).ToArray() });
        var carried = new Dictionary<OrganizationId, Carried>();
        await using var row = await select.ExecuteReaderAsync(ct);
        while (await row.ReadAsync(ct))
            carried[new OrganizationId(row.GetGuid(0))] = new Carried(row.GetDecimal(1), row.GetFieldValue<DateOnly>(2));
        return carried;
    }

    private static void AddReach(NpgsqlCommand command, Scope scope)
    {
        var (from, until) = scope.Ranges();
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
    }
}
