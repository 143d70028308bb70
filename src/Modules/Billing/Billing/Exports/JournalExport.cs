using System.Globalization;
using System.Runtime.CompilerServices;
using Licensing.Billing.Documents;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Billing.Exports;

/// <summary>One entry of the journal: debit above zero, credit below.</summary>
internal sealed record JournalRow(
    DateOnly BookedOn, string Kind, string DocumentNumber, int Position, string Account, decimal Amount, Currency Currency, string? TaxCategory,
    decimal? TaxPercent, DateOnly DocumentOn, string InvoiceNumber, string Reference, Guid TenantId, string OwnerPath, Guid SellerId);

/// <summary>
/// Reads the journal of a month for the ERP. A month is closed by the first export of who may: whoever is booking into it at that moment is
/// waited for, and nothing is booked into it any more, so that every export of it is the same to the byte.
/// </summary>
internal sealed class JournalExport(NpgsqlDataSource database, DbSession session, TimeProvider clock)
{
    /// <summary>In the order of the file. Documented in docs/guides/invoices.md; columns are only ever added at the end.</summary>
    public static IReadOnlyList<(string Name, Func<JournalRow, string?> Cell)> Columns { get; } =
    [
        ("bookedOn", x => DocumentCsv.Day(x.BookedOn)),
        ("documentKind", x => x.Kind),
        ("documentNumber", x => x.DocumentNumber),
        ("position", x => x.Position.ToString(CultureInfo.InvariantCulture)),
        ("account", x => x.Account),
        ("debit", x => x.Amount > 0 ? new Money(x.Amount, x.Currency).ToAmountString() : null),
        ("credit", x => x.Amount <= 0 ? new Money(-x.Amount, x.Currency).ToAmountString() : null),
        ("currency", x => x.Currency.Code),
        ("taxCategory", x => x.TaxCategory),
        ("taxPercent", x => x.TaxPercent is { } percent ? DecimalStrings.Of(percent) : null),
        ("documentOn", x => DocumentCsv.Day(x.DocumentOn)),
        ("invoiceNumber", x => x.InvoiceNumber),
        // As it was written from the first: what is exported again has the same bytes.
        ("reference", x => x.Reference is ['+' or '-', ..] ? $"'{x.Reference}" : x.Reference),
        ("tenantId", x => x.TenantId.ToString()),
        ("tenantCode", x => x.OwnerPath.Split('.', StringSplitOptions.RemoveEmptyEntries)[^1]),
        ("sellerId", x => x.SellerId.ToString()),
    ];

    public async Task<bool> IsClosedAsync(Period month, CancellationToken ct)
    {
        await using var ask = new NpgsqlCommand(
            "select exists (select from billing.journal_months where month = $1)", await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = month.Start } } };
        return (bool)(await ask.ExecuteScalarAsync(ct))!;
    }

    /// <summary>In the caller's transaction.</summary>
    /// <returns>Whether this closed it, and nobody before.</returns>
    public async Task<bool> CloseAsync(Period month, CancellationToken ct)
    {
        await using var close = new NpgsqlCommand(
            "select billing.close_journal_month($1, $2)", await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = month.Start }, new() { Value = clock.GetUtcNow() } } };
        return (bool)(await close.ExecuteScalarAsync(ct))!;
    }

    /// <summary>The entries of the month within the scope by document number, as they are read.</summary>
    public async IAsyncEnumerable<JournalRow> ReadAsync(Period month, Scope scope, [EnumeratorCancellation] CancellationToken ct)
    {
        var (from, until) = scope.Ranges();
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var select = new NpgsqlCommand(
            """
            select booked_on, document_kind, document_number, position, account, amount, currency, tax_category, tax_percent, document_on,
                invoice_number, reference, tenant_id, owner_path, seller_id
            from billing.journal_entries
            where booked_on >= $1 and booked_on < $2
                and exists (select from unnest($3::text[], $4::text[]) as r (lower, upper)
                    where owner_path >= r.lower collate "C" and owner_path < r.upper collate "C")
            order by document_number, document_id, position
            """, connection)
        {
            CommandTimeout = 0,
            Parameters = { new() { Value = month.Start }, new() { Value = month.End }, new() { Value = from }, new() { Value = until } },
        };
        await using var rows = await select.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            yield return new JournalRow(
                rows.GetFieldValue<DateOnly>(0), rows.GetString(1), rows.GetString(2), rows.GetInt32(3), rows.GetString(4), rows.GetDecimal(5),
                Currency.Parse(rows.GetString(6)), rows.IsDBNull(7) ? null : rows.GetString(7), rows.IsDBNull(8) ? null : rows.GetDecimal(8),
                rows.GetFieldValue<DateOnly>(9), rows.GetString(10), rows.GetString(11), rows.GetGuid(12), rows.GetString(13), rows.GetGuid(14));
    }
}
