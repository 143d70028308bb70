using System.Text.Json;
using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Billing.Runs;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Billing.Invoices;

/// <summary>What documents say if they are issued on a day, by the paths of their invoices, written down before it is their turn.</summary>
internal sealed record SaidAhead(DateOnly Day, IReadOnlyDictionary<string, string> Documents);

/// <summary>
/// Gives drafts their numbers: per issuer and year of issue, without gaps, because the series' row stays locked until the invoices
/// that took the numbers have committed. Drafts are locked before the series, by everyone, so that two issuers never wait for each other.
/// What the documents say of the parties is kept with them, and the journal gets their entries.
/// </summary>
internal sealed class InvoiceIssuing(BillingDb db, DbSession session, DocumentSnapshots documents, BillingCalendar calendar, TimeProvider clock)
{
    private const string OfTenants = """
        seller_id = $1 and period_start = $2 and period_end = $3 and status = 'Draft' and tenant_id > $4 and tenant_id <= $5
        """;

    /// <summary>What the documents of the drafts of these tenants say if they are issued today; nothing is locked for it.</summary>
    public async Task<SaidAhead> SayAheadAsync(OrganizationRef seller, Period period, TenantRange range, CancellationToken ct)
    {
        var buyers = new List<(OrganizationId, string)>();
        await using (var select = Command(
            await session.OpenAsync(ct), $"select tenant_id, owner_path from billing.invoices where {OfTenants}", Values(seller, period, range)))
        await using (var rows = await select.ExecuteReaderAsync(ct))
            while (await rows.ReadAsync(ct))
                buyers.Add((new OrganizationId(rows.GetGuid(0)), rows.GetString(1)));
        return await SayAsync(seller, buyers, clock.GetUtcNow(), ct);
    }

    /// <summary>Those of these tenants who have drafts of a period, in their order.</summary>
    public async Task<List<OrganizationId>> TenantsAsync(OrganizationRef seller, Period period, TenantRange range, CancellationToken ct)
    {
        var tenants = new List<OrganizationId>();
        await using var select = Command(
            await session.OpenAsync(ct), $"select distinct tenant_id from billing.invoices where {OfTenants} order by 1",
            Values(seller, period, range));
        await using var rows = await select.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            tenants.Add(new OrganizationId(rows.GetGuid(0)));
        return tenants;
    }

    /// <summary>Issues the drafts of a period of these tenants, in their order; answers how many.</summary>
    public Task<int> IssueTenantsAsync(OrganizationRef seller, Period period, TenantRange range, SaidAhead? ahead, CancellationToken ct) =>
        IssueAsync(seller, $"{OfTenants} order by id for update", ahead, ct, Values(seller, period, range));

    /// <summary>Issues one draft; false when it is no draft any more.</summary>
    public async Task<bool> IssueAsync(OrganizationRef seller, InvoiceId id, CancellationToken ct) =>
        await IssueAsync(seller, "id = $1 and status = 'Draft' for update", null, ct, id.Value) == 1;

    private static object[] Values(OrganizationRef seller, Period period, TenantRange range) =>
        [seller.Id.Value, period.Start, period.End, range.After?.Value ?? Guid.Empty, range.Last?.Value ?? Guid.AllBitsSet];

    private async Task<SaidAhead> SayAsync(
        OrganizationRef seller, IReadOnlyCollection<(OrganizationId, string)> buyers, DateTimeOffset now, CancellationToken ct)
    {
        var said = await documents.OfAsync(seller, buyers, now, ct);
        return new SaidAhead(calendar.DayOf(now), said.ToDictionary(x => x.Key, x => JsonSerializer.Serialize(x.Value, StoredJson.Options)));
    }

    private async Task<int> IssueAsync(OrganizationRef seller, string which, SaidAhead? ahead, CancellationToken ct, params object[] values)
    {
        var connection = await session.OpenAsync(ct);
        var drafts = new List<Guid>();
        var buyers = new List<(OrganizationId Tenant, string Path)>();
        await using (var select = Command(connection, $"select id, tenant_id, owner_path from billing.invoices where {which}", values))
        await using (var rows = await select.ExecuteReaderAsync(ct))
        {
            while (await rows.ReadAsync(ct))
            {
                drafts.Add(rows.GetGuid(0));
                buyers.Add((new OrganizationId(rows.GetGuid(1)), rows.GetString(2)));
            }
        }

        if (drafts.Count == 0)
            return 0;

        var now = clock.GetUtcNow();
        var today = calendar.DayOf(now);
        var year = today.Year;
        // Read before the series is locked: others wait for that.
        var said = ahead is not null && ahead.Day == today && buyers.TrueForAll(x => ahead.Documents.ContainsKey(x.Path))
            ? ahead
            : await SayAsync(seller, buyers, now, ct);
        var texts = buyers.Select(x => said.Documents[x.Path]).ToArray();
        await using var take = Command(connection, """
            insert into billing.number_series as s (issuer_id, year, next) values ($1, $2, $3 + 1)
            on conflict (issuer_id, year) do update set next = s.next + $3
            returning next - $3
            """, seller.Id.Value, year, drafts.Count);
        var first = (int)(await take.ExecuteScalarAsync(ct))!;
        var numbers = Enumerable.Range(first, drafts.Count).Select(number => $"{seller.Code}-{year}-{number:000000}").ToArray();

        await using var update = Command(connection, """
            update billing.invoices i set status = 'Issued', number = n.number, issued_at = $3, document = n.document::jsonb,
                version = version + 1
            from unnest($1::uuid[], $2::text[], $4::text[]) as n (id, number, document) where i.id = n.id
            returning i.id, i.number, i.tenant_id, i.owner_path, i.period_start, i.period_end, i.net, i.currency
            """, drafts.ToArray(), numbers, now, texts);
        var facts = new List<InvoiceIssued>(drafts.Count);
        await using (var issued = await update.ExecuteReaderAsync(ct))
            while (await issued.ReadAsync(ct))
                facts.Add(new InvoiceIssued(
                    new InvoiceId(issued.GetGuid(0)), issued.GetString(1), new OrganizationId(issued.GetGuid(2)), issued.GetString(3),
                    new Period(issued.GetFieldValue<DateOnly>(4), issued.GetFieldValue<DateOnly>(5)),
                    new Money(issued.GetDecimal(6), Currency.Parse(issued.GetString(7))), now));
        await using var post = Command(connection, "select billing.post_invoices($1, $2)", drafts.ToArray(), today);
        await post.ExecuteNonQueryAsync(ct);
        // What is refused until here is told to nobody, also where the caller goes on with others.
        foreach (var fact in facts)
            db.Publish(fact);
        return drafts.Count;
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return command;
    }
}
