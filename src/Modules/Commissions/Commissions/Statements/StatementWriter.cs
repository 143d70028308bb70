using System.Text.Json;
using Licensing.Kernel.Persistence;
using NpgsqlTypes;

namespace Licensing.Commissions.Statements;

/// <summary>
/// Writes statements by binary COPY, in the caller's transaction. Not through the context: the audit trail would take every line of
/// every statement with it, and the statements themselves never change.
/// </summary>
internal sealed class StatementWriter(DbSession session)
{
    public async Task WriteAsync(IReadOnlyList<Statement> statements, CancellationToken ct)
    {
        var connection = await session.OpenAsync(ct);
        await using var rows = await connection.BeginBinaryImportAsync("""
            copy commissions.statements (id, organization_id, owner_path, kind, external_id, name, period_start, period_end, currency, basis, gross,
                overridden, commission, scheme, lines, closed_at) from stdin (format binary)
            """, ct);
        foreach (var x in statements)
        {
            await rows.StartRowAsync(ct);
            await rows.WriteAsync(x.Id.Value, NpgsqlDbType.Uuid, ct);
            await rows.WriteAsync(x.OrganizationId.Value, NpgsqlDbType.Uuid, ct);
            await rows.WriteAsync(x.OwnerPath, NpgsqlDbType.Text, ct);
            await rows.WriteAsync(x.Kind.ToString(), NpgsqlDbType.Text, ct);
            await rows.WriteAsync(x.ExternalId, NpgsqlDbType.Text, ct);
            await rows.WriteAsync(x.Name, NpgsqlDbType.Text, ct);
            await rows.WriteAsync(x.PeriodStart, NpgsqlDbType.Date, ct);
            await rows.WriteAsync(x.PeriodEnd, NpgsqlDbType.Date, ct);
            await rows.WriteAsync(x.Currency.Code, NpgsqlDbType.Text, ct);
            await rows.WriteAsync(x.Basis, NpgsqlDbType.Numeric, ct);
            await rows.WriteAsync(x.Gross, NpgsqlDbType.Numeric, ct);
            await rows.WriteAsync(x.Overridden, NpgsqlDbType.Numeric, ct);
            await rows.WriteAsync(x.Commission, NpgsqlDbType.Numeric, ct);
            await rows.WriteAsync(JsonSerializer.Serialize(x.Scheme, StoredJson.Options), NpgsqlDbType.Jsonb, ct);
            await rows.WriteAsync(JsonSerializer.Serialize(x.Lines, StoredJson.Options), NpgsqlDbType.Jsonb, ct);
            await rows.WriteAsync(x.ClosedAt, NpgsqlDbType.TimestampTz, ct);
        }

        await rows.CompleteAsync(ct);
    }
}
