using System.Security.Cryptography;
using System.Text;
using Licensing.Billing.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Billing.Exports;

/// <summary>
/// Writes what is earned, paid and given back of commissions into the journal. Whoever sends the same reference at the same moment waits for the
/// first and books nothing, and nothing is booked into a month that is closed.
/// </summary>
internal sealed class CommissionJournal(
    DbSession session, IOrganizationDirectory organizations, BillingCalendar calendar, TimeProvider clock) : ICommissionJournal
{
    // No key is named for the conflict: the document's id follows from the reference, and where two insert at the same moment, either key may be the
    // one that the second meets.
    private const string Post =
        """
        with booking as materialized (select billing.booking_day($1) as booked_on),
        told as (
            select * from unnest($4::text[], $5::uuid[], $6::text[], $7::text[], $8::uuid[], $9::text[], $10::text[], $11::numeric[], $12::date[])
                as t (reference, document_id, kind, number, organization_id, owner_path, currency, owed, document_on)),
        posted as (
            insert into billing.commission_postings (reference, document_id, kind, number, organization_id, currency, owed, posted_at)
            select reference, document_id, kind, number, organization_id, currency, owed, $2 from told order by reference
            on conflict do nothing returning reference)
        insert into billing.journal_entries (
            document_id, tenant_id, position, owner_path, seller_id, document_kind, document_number, invoice_number, reference, document_on,
            booked_on, account, currency, amount)
        select t.document_id, t.organization_id, e.position, t.owner_path, $3, t.kind, t.number, '', e.reason, t.document_on, b.booked_on,
            e.account, t.currency, e.amount
        from booking b cross join told t join posted p on p.reference = t.reference
        join unnest($13::text[], $14::int[], $15::text[], $16::text[], $17::numeric[]) as e (reference, position, account, reason, amount)
            on e.reference = t.reference
        """;

    private const string Others =
        """
        select t.reference from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::numeric[])
            as t (reference, kind, organization_id, currency, owed)
        left join billing.commission_postings p on p.reference = t.reference
        where (p.kind, p.organization_id, p.currency, p.owed) is distinct from (t.kind, t.organization_id, t.currency, t.owed) limit 1
        """;

    public async Task PostAsync(IReadOnlyList<CommissionPosting> postings, CancellationToken ct)
    {
        var documents = postings.Where(x => x.Parts.Any(part => part.Amount != 0m)).ToList();
        if (documents.Count == 0)
            return;

        var now = clock.GetUtcNow();
        var seller = (await organizations.PlatformAsync(ct)).Id.Value;
        var entries = documents.SelectMany(x => Entries(x).Select((entry, i) => (x.Reference, Position: i + 1, Entry: entry))).ToList();
        string[] references = [.. documents.Select(x => x.Reference)], kinds = [.. documents.Select(x => x.Kind.ToString())],
            currencies = [.. documents.Select(x => x.Currency.Code)];
        Guid[] earners = [.. documents.Select(x => x.OrganizationId.Value)];
        decimal[] owed = [.. documents.Select(Owed)];
        var connection = await session.OpenAsync(ct);
        await using (var post = new NpgsqlCommand(Post, connection))
        {
            post.Parameters.Add(new() { Value = calendar.DayOf(now), NpgsqlDbType = NpgsqlDbType.Date });
            foreach (var value in new object[]
            {
                now, seller, references, documents.Select(x => IdOf(x.Reference)).ToArray(), kinds, documents.Select(x => x.Number).ToArray(),
                earners, documents.Select(x => x.OwnerPath).ToArray(), currencies, owed,
            })
                post.Parameters.Add(new() { Value = value });
            post.Parameters.Add(new()
            {
                Value = documents.Select(x => x.DocumentOn).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date,
            });
            foreach (var value in new object[]
            {
                entries.Select(x => x.Reference).ToArray(), entries.Select(x => x.Position).ToArray(), entries.Select(x => x.Entry.Account).ToArray(),
                entries.Select(x => x.Entry.For).ToArray(), entries.Select(x => x.Entry.Amount).ToArray(),
            })
                post.Parameters.Add(new() { Value = value });
            if (await post.ExecuteNonQueryAsync(ct) == entries.Count)
                return;
        }

        // Something was booked before: that is well if it is the same, and a bug if it is not.
        await using var others = new NpgsqlCommand(Others, connection);
        foreach (var value in new object[] { references, kinds, earners, currencies, owed })
            others.Parameters.Add(new() { Value = value });
        if (await others.ExecuteScalarAsync(ct) is string other)
            throw new InvalidOperationException($"{other} is booked already, and as something else.");
    }

    /// <summary>What is owed to the organisation is more by what it earned and what came back, and less by what it was paid.</summary>
    private static decimal Owed(CommissionPosting x) =>
        x.Parts.Sum(part => part.Amount) * (x.Kind is CommissionPostingKind.CommissionPayout ? -1 : 1);

    private static IEnumerable<(string Account, string For, decimal Amount)> Entries(CommissionPosting x)
    {
        var (against, sign) = x.Kind switch
        {
            CommissionPostingKind.Commission => ("CommissionExpense", 1),
            CommissionPostingKind.CommissionPayout => ("Cash", -1),
            _ => ("Cash", 1),
        };
        foreach (var part in x.Parts.Where(part => part.Amount != 0m))
            yield return (against, part.For, part.Amount * sign);
        // A month that lost what another earned: nothing is owed for both.
        if (Owed(x) != 0m)
            yield return ("CommissionPayable", x.Kind is CommissionPostingKind.Commission ? "" : x.Parts[0].For, -Owed(x));
    }

    // Follows from the reference, so that the journal's own key, too, has it once.
    private static Guid IdOf(string reference)
    {
        var id = SHA256.HashData(Encoding.UTF8.GetBytes(reference))[..16];
        (id[6], id[8]) = ((byte)((id[6] & 0x0F) | 0x80), (byte)((id[8] & 0x3F) | 0x80));
        return new Guid(id, bigEndian: true);
    }
}
