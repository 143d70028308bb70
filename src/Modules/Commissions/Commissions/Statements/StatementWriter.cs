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
    // A page of lines opens one or two.
    private const int LinesInBlock = 1_000;

    public async Task WriteAsync(IReadOnlyList<(DueStatement Due, Statement Statement)> statements, CancellationToken ct)
    {
        var connection = await session.OpenAsync(ct);
        await WriteStatementsAsync(connection, statements, ct);
        probe.Hit("statements");
        await WriteOwnLinesAsync(connection, statements, ct);
        probe.Hit("lines");
        await WriteAdjustedLinesAsync(connection, statements, ct);
        probe.Hit("adjusted lines");
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

    private static async Task WriteOwnLinesAsync(
        NpgsqlConnection connection, IReadOnlyList<(DueStatement Due, Statement Statement)> statements, CancellationToken ct)
    {
        await using var rows = await connection.BeginBinaryImportAsync("""
            copy commissions.line_blocks (statement_id, first_position, last_position, document_ids, invoice_ids, numbers, tenant_ids, invoiced,
                currencies, rates, nets, commissions, parts) from stdin (format binary)
            """, ct);
        foreach (var (due, statement) in statements)
        {
            var first = 1;
            foreach (var lines in (due.Own?.Lines ?? []).Chunk(LinesInBlock))
            {
                await rows.StartRowAsync(ct);
                await rows.WriteAsync(statement.Id.Value, NpgsqlDbType.Uuid, ct);
                await rows.WriteAsync(first, NpgsqlDbType.Integer, ct);
                await rows.WriteAsync((first += lines.Length) - 1, NpgsqlDbType.Integer, ct);
                await WriteAllAsync(rows, lines, x => x.Document.DocumentId, NpgsqlDbType.Uuid, ct);
                await WriteWhereAsync(
                    Array.Exists(lines, x => x.Document.CreditNoteId is not null), rows, lines, x => x.Document.InvoiceId.Value, NpgsqlDbType.Uuid,
                    ct);
                await WriteAllAsync(rows, lines, x => x.Document.Number, NpgsqlDbType.Text, ct);
                await WriteAllAsync(rows, lines, x => x.Document.TenantId.Value, NpgsqlDbType.Uuid, ct);
                await WriteAllAsync(rows, lines, x => x.Document.Net.Amount, NpgsqlDbType.Numeric, ct);
                var converted = Array.Exists(lines, x => x.Document.Net.Currency != statement.Currency);
                await WriteWhereAsync(converted, rows, lines, x => x.Document.Net.Currency.Code, NpgsqlDbType.Text, ct);
                await WriteWhereAsync(converted, rows, lines, x => x.Rate, NpgsqlDbType.Numeric, ct);
                await WriteWhereAsync(converted, rows, lines, x => x.Net, NpgsqlDbType.Numeric, ct);
                await WriteAllAsync(rows, lines, x => x.Commission, NpgsqlDbType.Numeric, ct);
                await WriteWhereAsync(Array.Exists(lines, x => x.Parts.Count > 0), rows, lines, Parts, NpgsqlDbType.Jsonb, ct);
            }
        }

        await rows.CompleteAsync(ct);
    }

    private static Task WriteAllAsync<T>(
        NpgsqlBinaryImporter rows, EarnedLine[] lines, Converter<EarnedLine, T> of, NpgsqlDbType type, CancellationToken ct) =>
        rows.WriteAsync(Array.ConvertAll(lines, of), NpgsqlDbType.Array | type, ct);

    private static Task WriteWhereAsync<T>(
        bool some, NpgsqlBinaryImporter rows, EarnedLine[] lines, Converter<EarnedLine, T> of, NpgsqlDbType type, CancellationToken ct) =>
        some ? WriteAllAsync(rows, lines, of, type, ct) : rows.WriteNullAsync(ct);

    private static async Task WriteAdjustedLinesAsync(
        NpgsqlConnection connection, IReadOnlyList<(DueStatement Due, Statement Statement)> statements, CancellationToken ct)
    {
        await using var rows = await connection.BeginBinaryImportAsync("""
            copy commissions.statement_lines (statement_id, position, organization_id, month, document_id, invoice_id, reverses, number, tenant_id,
                invoiced, currency, rate, net, commission, parts) from stdin (format binary)
            """, ct);
        foreach (var (due, statement) in statements)
        {
            var position = due.Own?.Lines.Count ?? 0;
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
        await rows.WriteAsync(Parts(line), NpgsqlDbType.Jsonb, ct);
    }

    private static string Parts(EarnedLine line) => line.Parts.Count == 0 ? "[]" : JsonSerializer.Serialize(line.Parts, StoredJson.Options);

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
            var payout = Payout.Of(statement, statement.DueOn!.Value, statement.ClosedAt);
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
