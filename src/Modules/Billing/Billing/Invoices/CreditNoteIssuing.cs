using System.Text.Json;
using Licensing.Billing.Contracts;
using Licensing.Billing.Data;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace Licensing.Billing.Invoices;

/// <summary>
/// Writes a credit note of an invoice that the caller has locked: its lines by COPY, its number last, from a series of its own, without
/// gaps as the invoices'.
/// </summary>
internal sealed class CreditNoteIssuing(
    BillingDb db, DbSession session, DocumentSnapshots documents, IOrganizationDirectory organizations, BillingCalendar calendar, TimeProvider clock)
{
    /// <summary>Credits what is asked for, or all that is left; refused where that is more than there is, or nothing.</summary>
    public async Task<Result<CreditNote>> IssueAsync(
        Invoice invoice, IReadOnlyList<AskedCredit>? asked, string reason, bool voids, CancellationToken ct)
    {
        if (Crediting.Decide(await LinesAsync(invoice, voids, ct), asked).Refused(out var refusal, out var credited))
            return refusal;

        var now = clock.GetUtcNow();
        var today = calendar.DayOf(now);
        var seller = await organizations.FindAsync(invoice.SellerId, ct)
            ?? throw new InvalidOperationException($"The seller of invoice {invoice.Id.Value} is gone.");
        var said = await documents.OfAsync(invoice, now, ct) with { IssuedOn = today, DueOn = today };
        var note = NoteOf(invoice, credited, reason, voids, said, await NextNumberAsync(seller, today.Year, ct), now);
        await WriteAsync(note, credited, ct);
        await db.Database.ExecuteSqlAsync($"select billing.post_credit_note({note.Id.Value}, {today})", ct);
        db.Publish(new CreditNoteIssued(
            note.Id, note.Number, invoice.Id, invoice.Number!, invoice.TenantId, invoice.OwnerPath,
            new Period(invoice.PeriodStart, invoice.PeriodEnd), new Money(note.Net, note.Currency), voids, now));
        return note;
    }

    private static CreditNote NoteOf(
        Invoice invoice, IReadOnlyList<CreditedLine> credited, string reason, bool voids, InvoiceDocument document, string number, DateTimeOffset now)
    {
        var (net, tax) = (credited.Sum(x => x.Net.Amount), credited.Sum(x => x.Tax.Amount));
        return new CreditNote
        {
            Id = Id.New<CreditNoteId>(now),
            TenantId = invoice.TenantId,
            OwnerPath = invoice.OwnerPath,
            SellerId = invoice.SellerId,
            InvoiceId = invoice.Id,
            Number = number,
            IssuedAt = now,
            Reason = reason,
            Voids = voids,
            PeriodStart = invoice.PeriodStart,
            PeriodEnd = invoice.PeriodEnd,
            Currency = invoice.Currency,
            Net = net,
            Tax = tax,
            Total = net + tax,
            LineCount = credited.Count,
            Taxes = Crediting.Taxes(credited, invoice.Taxes),
            Document = document,
        };
    }

    private async Task<IReadOnlyList<CreditableLine>> LinesAsync(Invoice invoice, bool voids, CancellationToken ct)
    {
        var credited = await db.CreditNoteLines.AsNoTracking()
            .Where(x => x.InvoiceId == invoice.Id && x.TenantId == invoice.TenantId)
            .GroupBy(x => x.InvoicePosition)
            .Select(x => new { Position = x.Key, Net = x.Sum(y => y.Net), Tax = x.Sum(y => y.Tax) })
            .ToDictionaryAsync(x => x.Position, ct);
        var lines = await db.Lines.AsNoTracking().Where(x => x.InvoiceId == invoice.Id && x.TenantId == invoice.TenantId)
            .OrderBy(x => x.Position)
            .Select(x => new { x.Position, x.Description, x.Net, x.Tax, x.TaxCategory, x.TaxPercent })
            .ToListAsync(ct);
        // An invoice that is withdrawn is taken back whole: what others adjusted of its month is taken back when that is billed anew.
        var left = voids ? [] : await db.Database.SqlQuery<LeftOfAdjusted>($"""
            select line_position as "Position", net as "Net" from billing.left_of_adjusted({invoice.Id.Value}, {invoice.TenantId.Value})
            """).ToDictionaryAsync(x => x.Position, x => Math.Max(x.Net, 0), ct);
        Money Of(decimal amount) => new(amount, invoice.Currency);
        return [.. lines.Select(x =>
        {
            var line = new CreditableLine(
                x.Position, x.Description, Of(x.Net), Of(x.Tax), x.TaxCategory, x.TaxPercent,
                Of(credited.GetValueOrDefault(x.Position)?.Net ?? 0), Of(credited.GetValueOrDefault(x.Position)?.Tax ?? 0));
            return x.Net > 0 && left.TryGetValue(x.Position, out var most) && most < line.Left.Amount
                ? line with { Adjusted = Of(line.Left.Amount - most) }
                : line;
        })];
    }

    private sealed record LeftOfAdjusted(int Position, decimal Net);

    // The series' row stays locked until the note commits; invoices are locked before it, by everyone.
    private async Task<string> NextNumberAsync(OrganizationRef seller, int year, CancellationToken ct)
    {
        await using var take = new NpgsqlCommand("""
            insert into billing.credit_note_series as s (issuer_id, year, next) values ($1, $2, 2)
            on conflict (issuer_id, year) do update set next = s.next + 1
            returning next - 1
            """, await session.OpenAsync(ct))
        { Parameters = { new() { Value = seller.Id.Value }, new() { Value = year } } };
        return $"{seller.Code}-CN{year}-{(int)(await take.ExecuteScalarAsync(ct))!:000000}";
    }

    private async Task WriteAsync(CreditNote note, IReadOnlyList<CreditedLine> lines, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"""
            insert into billing.credit_notes (id, tenant_id, owner_path, seller_id, invoice_id, number, issued_at, reason, voids, period_start,
                period_end, currency, net, tax, total, line_count, taxes, document)
            values ({note.Id.Value}, {note.TenantId.Value}, {note.OwnerPath}, {note.SellerId.Value}, {note.InvoiceId.Value}, {note.Number},
                {note.IssuedAt}, {note.Reason}, {note.Voids}, {note.PeriodStart}, {note.PeriodEnd}, {note.Currency.Code}, {note.Net}, {note.Tax},
                {note.Total}, {note.LineCount}, {JsonSerializer.Serialize(note.Taxes, StoredJson.Options)}::jsonb,
                {JsonSerializer.Serialize(note.Document, StoredJson.Options)}::jsonb)
            """, ct);
        await using var rows = await (await session.OpenAsync(ct)).BeginBinaryImportAsync("""
            copy billing.credit_note_lines (credit_note_id, tenant_id, position, invoice_id, invoice_position, description, currency, net, tax,
                tax_category, tax_percent) from stdin (format binary)
            """, ct);
        for (var i = 0; i < lines.Count; i++)
        {
            var (line, net, tax) = lines[i];
            await rows.StartRowAsync(ct);
            await rows.WriteAsync(note.Id.Value, NpgsqlDbType.Uuid, ct);
            await rows.WriteAsync(note.TenantId.Value, NpgsqlDbType.Uuid, ct);
            await rows.WriteAsync(i + 1, NpgsqlDbType.Integer, ct);
            await rows.WriteAsync(note.InvoiceId.Value, NpgsqlDbType.Uuid, ct);
            await rows.WriteAsync(line.Position, NpgsqlDbType.Integer, ct);
            await rows.WriteAsync(line.Description, NpgsqlDbType.Text, ct);
            await rows.WriteAsync(note.Currency.Code, NpgsqlDbType.Text, ct);
            await rows.WriteAsync(net.Amount, NpgsqlDbType.Numeric, ct);
            await rows.WriteAsync(tax.Amount, NpgsqlDbType.Numeric, ct);
            await (line.TaxCategory is { } category ? rows.WriteAsync(category, NpgsqlDbType.Text, ct) : rows.WriteNullAsync(ct));
            await (line.TaxPercent is { } percent ? rows.WriteAsync(percent, NpgsqlDbType.Numeric, ct) : rows.WriteNullAsync(ct));
        }

        await rows.CompleteAsync(ct);
    }
}
