using System.Text.Json;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Organizations;

/// <summary>Plain SQL, as the directory's: a billing run asks for all tenants of a chunk at once.</summary>
internal sealed class OrganizationDocuments(DbSession session) : ILegalDetails
{
    public async Task<IReadOnlyDictionary<OrganizationId, LegalDetails>> FindAsync(
        IReadOnlyCollection<OrganizationId> ids, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            """
            select o.id, coalesce(o.legal_name, o.display_name), o.external_id, o.billing_address, o.country, o.tax_id, o.contact
            from identity.organizations o where o.id = any($1)
            """, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = ids.Select(x => x.Value).ToArray() } } };
        var found = new Dictionary<OrganizationId, LegalDetails>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
        {
            var address = Read<BillingAddress>(rows, 3);
            var contact = Read<Contact>(rows, 6);
            found[new OrganizationId(rows.GetGuid(0))] = new LegalDetails(
                rows.GetString(1), rows.GetString(2), address?.Lines ?? [], address?.City, address?.PostalCode, address?.Region, rows.GetString(4),
                rows.IsDBNull(5) ? null : rows.GetString(5), contact?.Name, contact?.Email);
        }

        return found;
    }

    private static T? Read<T>(NpgsqlDataReader row, int column) where T : class =>
        row.IsDBNull(column) ? null : JsonSerializer.Deserialize<T>(row.GetString(column), StoredJson.Options);
}
