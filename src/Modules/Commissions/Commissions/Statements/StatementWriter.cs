using System.Text.Json;
using Licensing.Commissions.Payouts;
using Licensing.Kernel.Persistence;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Commissions.Statements;

/// <summary>
/// Writes statements with their lines, adjustments and payouts by binary COPY, in the caller's transaction. Not through the context: the audit
/// trail would take every line of every statement with it, and none of them ever changes.
/// </summary>
internal sealed class StatementWriter(DbSession session, CloseProbe probe)
{
    public async Task WriteAsync(IReadOnlyList<(DueStatement Due, Statement Statement)> statements, CancellationToken ct)
    {
        var connection = await session.OpenAsync(ct);
        await WriteStatementsAsync(connection, statements, ct);
        probe.Hit("statements");
        await WriteLinesAsync(connection, statements, ct);
        probe.Hit("lines");
        await WriteAdjustmentsAsync(connection, statements, ct);
        probe.Hit("adjustments");
        await WritePayoutsAsync(connection, statements, ct);
        probe.Hit("payouts");
    }

    private static async Task WriteStatementsAsync(
        NpgsqlConnection connection, IReadOnlyList<(DueStatement Due, Statement Statement)> statements, CancellationToken ct)
    {
        await using var rows = await connection.BeginBinaryImportAsync("""
            copy commissions.statements (id, organization_id, owner_path, kind, external_id, name, period_start, period_end, currency, basis, gross,
                overridden, commission, adjusted, carried_in, payable, carried_out, due_on, scheme, rated, line_count, closing, closed_at)
                from stdin (format binary)
            """, ct);
        foreach (var (_, x) in statements)
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
            foreach (var amount in new[]
                { x.Basis, x.Gross, x.Overridden, x.Commission, x.Adjusted, x.CarriedIn, x.Payable, x.CarriedOut })
                await rows.WriteAsync(amount, NpgsqlDbType.Numeric, ct);
            await WriteDateAsync(rows, x.DueOn, ct);
            await rows.WriteAsync(JsonSerializer.Serialize(x.Scheme, StoredJson.Options), NpgsqlDbType.Jsonb, ct);
            await rows.WriteAsync(JsonSerializer.Serialize(x.Rated, StoredJson.Options), NpgsqlDbType.Jsonb, ct);
            await rows.WriteAsync(x.LineCount, NpgsqlDbType.Integer, ct);
            await rows.WriteAsync(x.Closing, NpgsqlDbType.Integer, ct);
            await rows.WriteAsync(x.ClosedAt, NpgsqlDbType.TimestampTz, ct);
        }

        await rows.CompleteAsync(ct);
    }

    private static async Task WriteLinesAsync(
        NpgsqlConnection connection, IReadOnlyList<(DueStatement Due, Statement Statement)> statements, CancellationToken ct)
    {
        await using var rows = await connection.BeginBinaryImportAsync("""
            copy commissions.statement_lines (statement_id, position, organization_id, month, document_id, invoice_id, reverses, number, tenant_id,
                invoiced, currency, rate, net, commission, parts) from stdin (format binary)
            """, ct);
        foreach (var (due, statement) in statements)
        {
            var position = 0;
            foreach (var line in due.Own?.Lines ?? [])
                await WriteLineAsync(rows, statement, ++position, statement.PeriodStart, new AdjustedLine(line, Reverses: false), ct);
            foreach (var adjustment in due.Adjustments)
                foreach (var line in adjustment.Lines)
                    await WriteLineAsync(rows, statement, ++position, adjustment.Month.Start, line, ct);
        }

        await rows.CompleteAsync(ct);
    }

    private static async Task WriteLineAsync(
        NpgsqlBinaryImporter rows, Statement statement, int position, DateOnly month, AdjustedLine adjusted, CancellationToken ct)
    {
        var (line, document) = (adjusted.Line, adjusted.Line.Document);
        await rows.StartRowAsync(ct);
        await rows.WriteAsync(statement.Id.Value, NpgsqlDbType.Uuid, ct);
        await rows.WriteAsync(position, NpgsqlDbType.Integer, ct);
        await rows.WriteAsync(statement.OrganizationId.Value, NpgsqlDbType.Uuid, ct);
        await rows.WriteAsync(month, NpgsqlDbType.Date, ct);
        await rows.WriteAsync(document.DocumentId, NpgsqlDbType.Uuid, ct);
        await rows.WriteAsync(document.InvoiceId.Value, NpgsqlDbType.Uuid, ct);
        await rows.WriteAsync(adjusted.Reverses, NpgsqlDbType.Boolean, ct);
        await rows.WriteAsync(document.Number, NpgsqlDbType.Text, ct);
        await rows.WriteAsync(document.TenantId.Value, NpgsqlDbType.Uuid, ct);
        await rows.WriteAsync(document.Net.Amount, NpgsqlDbType.Numeric, ct);
        await rows.WriteAsync(document.Net.Currency.Code, NpgsqlDbType.Text, ct);
        await rows.WriteAsync(line.Rate, NpgsqlDbType.Numeric, ct);
        await rows.WriteAsync(line.Net, NpgsqlDbType.Numeric, ct);
        await rows.WriteAsync(line.Commission, NpgsqlDbType.Numeric, ct);
        await rows.WriteAsync(
            line.Parts.Count == 0 ? "[]" : JsonSerializer.Serialize(line.Parts, StoredJson.Options), NpgsqlDbType.Jsonb, ct);
    }

    private static async Task WriteAdjustmentsAsync(
        NpgsqlConnection connection, IReadOnlyList<(DueStatement Due, Statement Statement)> statements, CancellationToken ct)
    {
        await using var rows = await connection.BeginBinaryImportAsync("""
            copy commissions.adjustments (statement_id, organization_id, month, basis, gross, overridden, commission) from stdin (format binary)
            """, ct);
        foreach (var (due, statement) in statements)
            foreach (var adjustment in due.Adjustments)
            {
                await rows.StartRowAsync(ct);
                await rows.WriteAsync(statement.Id.Value, NpgsqlDbType.Uuid, ct);
                await rows.WriteAsync(statement.OrganizationId.Value, NpgsqlDbType.Uuid, ct);
                await rows.WriteAsync(adjustment.Month.Start, NpgsqlDbType.Date, ct);
                foreach (var amount in new[] { adjustment.Basis, adjustment.Gross, adjustment.Overridden, adjustment.Commission })
                    await rows.WriteAsync(amount, NpgsqlDbType.Numeric, ct);
            }

        await rows.CompleteAsync(ct);
    }

    private static async Task WritePayoutsAsync(
        NpgsqlConnection connection, IReadOnlyList<(DueStatement Due, Statement Statement)> statements, CancellationToken ct)
    {
        await using var rows = await connection.BeginBinaryImportAsync("""
            copy commissions.payouts (id, statement_id, organization_id, owner_path, amount, currency, due_on, created_at, version)
                from stdin (format binary)
            """, ct);
        foreach (var (_, statement) in statements.Where(x => x.Statement.DueOn is not null))
        {
            var payout = Payout.Of(statement, statement.ClosedAt);
            await rows.StartRowAsync(ct);
            await rows.WriteAsync(payout.Id.Value, NpgsqlDbType.Uuid, ct);
            await rows.WriteAsync(payout.StatementId.Value, NpgsqlDbType.Uuid, ct);
            await rows.WriteAsync(payout.OrganizationId.Value, NpgsqlDbType.Uuid, ct);
            await rows.WriteAsync(payout.OwnerPath, NpgsqlDbType.Text, ct);
            await rows.WriteAsync(payout.Amount, NpgsqlDbType.Numeric, ct);
            await rows.WriteAsync(payout.Currency.Code, NpgsqlDbType.Text, ct);
            await rows.WriteAsync(payout.DueOn, NpgsqlDbType.Date, ct);
            await rows.WriteAsync(payout.CreatedAt, NpgsqlDbType.TimestampTz, ct);
            await rows.WriteAsync(payout.Version, NpgsqlDbType.Integer, ct);
        }

        await rows.CompleteAsync(ct);
    }

    private static Task WriteDateAsync(NpgsqlBinaryImporter rows, DateOnly? day, CancellationToken ct) =>
        day is { } value ? rows.WriteAsync(value, NpgsqlDbType.Date, ct) : rows.WriteNullAsync(ct);
}
