using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Licensing.Billing.Contracts;
using Licensing.Billing.Coupons;
using Licensing.Billing.Invoices;
using Licensing.Billing.Rating;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Billing.Runs;

/// <summary>The drafts of a chunk, ready to be copied; no uses where nobody has a coupon or a credit.</summary>
internal sealed record DraftRows(
    ReadOnlyMemory<byte> Invoices, ReadOnlyMemory<byte> Lines, ReadOnlyMemory<byte> Uses, int Count, IReadOnlyList<CopyBuffer> Buffers)
{
    /// <summary>Lines that adjust what was billed before, or are billed in advance; empty where nobody has any.</summary>
    public ReadOnlyMemory<byte> Others { get; init; }

    /// <summary>Once they are copied, or never will be.</summary>
    public void GiveBack()
    {
        foreach (var buffer in Buffers)
            buffer.GiveBack();
    }
}

/// <summary>Throws old drafts away and writes new ones with their lines by binary COPY, in the caller's transaction.</summary>
internal sealed class InvoiceWriter(DbSession session)
{
    private const string CopyInvoices = """
        copy billing.invoices (id, tenant_id, owner_path, seller_id, period_start, period_end, kind, currency, net, tax, total, usage_exact,
            line_count, taxes, status, created_at, version, round, discounts, credits) from stdin (format binary)
        """;

    private const string CopyLines = """
        copy billing.invoice_lines (
            invoice_id, tenant_id, position, subscription_id, charge_key, meter, sku, region, is_usage, starts_on, ends_on, description, quantity,
            days, period_days, unrounded, currency, net, tax, tax_category, tax_percent, steps, cap_reduction, discount, credit,
            plan_version_id, exchange)
            from stdin (format binary)
        """;

    private static readonly string CopyOthers =
        CopyLines.Replace(", exchange)", ", exchange, adjusts, adjustment, billed_before, ahead_of, keyed_on)");

    // Whoever bills the next month takes off what stands for it: what is thrown away when that month is planned is owed by it again.
    private const string HoldForgotten =
        """
        with ahead as materialized (
            select distinct tenant_id, ahead_of from billing.invoice_lines where invoice_id = any ($1) and ahead_of is not null),
        held as materialized (
            select pg_advisory_xact_lock_shared(hashtext('billing.ahead'), (extract(year from m) * 12 + extract(month from m))::int)
            from (select distinct ahead_of as m from ahead order by 1) x)
        select count(*) from held
        """;

    private const string NoteForgotten =
        """
        insert into billing.late_months (tenant_id, month, noted)
        select distinct l.tenant_id, l.ahead_of, pg_current_xact_id()::text::bigint
        from billing.invoice_lines l join billing.runs r on r.seller_id = $2 and r.period_start = l.ahead_of and r.planned
        where l.invoice_id = any ($1) and l.ahead_of is not null
        on conflict (tenant_id, month) do update set noted = excluded.noted
        """;

    /// <summary>
    /// Throws away the drafts of the tenants after <paramref name="after"/> up to <paramref name="last"/>, also of those that owe
    /// nothing any more. They are locked in the order in which they are issued; what someone else issued meanwhile stays.
    /// </summary>
    public async Task DiscardDraftsAsync(OrganizationId seller, Period period, OrganizationId? after, OrganizationId? last, CancellationToken ct)
    {
        var connection = await session.OpenAsync(ct);
        var drafts = new List<Guid>();
        await using (var select = new NpgsqlCommand("""
            select id from billing.invoices
            where seller_id = $1 and period_start = $2 and period_end = $3 and status = 'Draft'
                and tenant_id > $4 and tenant_id <= $5
            order by id for update
            """, connection)
        {
            Parameters =
            {
                new() { Value = seller.Value }, new() { Value = period.Start }, new() { Value = period.End },
                new() { Value = after?.Value ?? Guid.Empty }, new() { Value = last?.Value ?? Guid.AllBitsSet },
            },
        })
        await using (var rows = await select.ExecuteReaderAsync(ct))
            while (await rows.ReadAsync(ct))
                drafts.Add(rows.GetGuid(0));
        if (drafts.Count == 0)
            return;

        await using var discard = new NpgsqlBatch(connection);
        foreach (var delete in (string[])[HoldForgotten, NoteForgotten, "delete from billing.invoice_lines where invoice_id = any ($1)",
            "delete from billing.invoices where id = any ($1)"])
        {
            var command = new NpgsqlBatchCommand(delete) { Parameters = { new() { Value = drafts.ToArray() } } };
            if (delete == NoteForgotten)
                command.Parameters.Add(new() { Value = seller.Value });
            discard.BatchCommands.Add(command);
        }

        await discard.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The rows of these bills, the chunk's from one place on; the same bills of the same round and chunk are the same bytes.</summary>
    public static DraftRows Rows(BillingRun run, int chunk, IReadOnlyList<TenantBill> bills, int first = 0)
    {
        var (invoices, lines, uses, json) = (new CopyBuffer(), new CopyBuffer(), new CopyBuffer(), new ArrayBufferWriter<byte>(1024));
        var others = new CopyBuffer();
        for (var i = 0; i < bills.Count; i++)
        {
            var id = IdOf(run, chunk, first + i, bills[i].Tenant.Id);
            Invoice(invoices, run, id, bills[i], json);
            Lines(lines, others, run.Period, id, bills[i], json);
            ReductionRows.Add(uses, id, bills[i]);
        }

        return new DraftRows(
            invoices.End(), lines.End(), uses.Rows > 0 ? uses.End() : ReadOnlyMemory<byte>.Empty, invoices.Rows,
            [invoices, lines, others, uses])
        {
            Others = others.Rows > 0 ? others.End() : ReadOnlyMemory<byte>.Empty,
        };
    }

    public async Task WriteAsync(DraftRows rows, CancellationToken ct)
    {
        await WriteInvoicesAsync(rows, ct);
        await WriteLinesAsync(rows, ct);
        await WriteUsesAsync(rows, ct);
    }

    public async Task WriteInvoicesAsync(DraftRows rows, CancellationToken ct) => await CopyAsync(CopyInvoices, rows.Invoices, ct);

    public async Task WriteLinesAsync(DraftRows rows, CancellationToken ct)
    {
        await CopyAsync(CopyLines, rows.Lines, ct);
        if (!rows.Others.IsEmpty)
            await CopyAsync(CopyOthers, rows.Others, ct);
    }

    /// <summary>What the invoices used of coupons and credits, which uses the credits up.</summary>
    public async Task WriteUsesAsync(DraftRows rows, CancellationToken ct)
    {
        if (!rows.Uses.IsEmpty)
            await CopyAsync(ReductionRows.Copy, rows.Uses, ct);
    }

    private async Task CopyAsync(string copy, ReadOnlyMemory<byte> rows, CancellationToken ct)
    {
        var stream = await (await session.OpenAsync(ct)).BeginRawBinaryCopyAsync(copy, ct);
        // Disposing ends the COPY, and says what the server did not take.
        await using (stream)
            await stream.WriteAsync(rows, ct);
    }

    /// <summary>
    /// A UUID v7 of the round's instant that follows from what it is for, so that a chunk written again after a crash gets the same. In the order
    /// of the chunks and of the tenants in them, hence in the order in which rows are written and numbers given.
    /// </summary>
    private static InvoiceId IdOf(BillingRun run, int chunk, int place, OrganizationId tenant)
    {
        Span<byte> named = stackalloc byte[36];
        run.Id.TryWriteBytes(named, bigEndian: true, out _);
        tenant.Value.TryWriteBytes(named[16..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(named[32..], run.Round);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(named, hash);

        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(id, run.RoundAt.ToUnixTimeMilliseconds() << 16);
        BinaryPrimitives.WriteUInt16BigEndian(id[6..], (ushort)(0x7000 | ((chunk >> 14) & 0x0FFF)));
        BinaryPrimitives.WriteUInt16BigEndian(id[8..], (ushort)(0x8000 | (chunk & 0x3FFF)));
        BinaryPrimitives.WriteUInt16BigEndian(id[10..], checked((ushort)place));
        hash[..4].CopyTo(id[12..]);
        return new InvoiceId(new Guid(id, bigEndian: true));
    }

    private static void Invoice(CopyBuffer row, BillingRun run, InvoiceId id, TenantBill bill, ArrayBufferWriter<byte> json)
    {
        row.Row(20);
        row.Uuid(id.Value);
        row.Uuid(bill.Tenant.Id.Value);
        row.Text(bill.Tenant.Path);
        row.Uuid(run.SellerId.Value);
        row.Date(run.PeriodStart);
        row.Date(run.PeriodEnd);
        row.Text(bill.Kind.ToString());
        row.Text(bill.Rated.Currency.Code);
        var (net, tax) = (bill.Rated.Net, bill.Rated.Tax);
        row.Numeric(net.Amount);
        row.Numeric(tax.Amount);
        row.Numeric((net + tax).Amount);
        row.Text(bill.UsageExact.ToString());
        row.Integer(bill.Charges.Count);
        json.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(json))
            JsonSerializer.Serialize(
                writer, bill.Rated.Taxes.Select(t => new InvoiceTax(t.Category, Percent(t.Percent), t.Net.Amount, t.Tax.Amount)
                {
                    ReasonCode = t.Reason?.Code,
                    Reason = t.Reason?.Text,
                }), StoredJson.Options);
        row.Jsonb(json.WrittenSpan);
        row.Text(nameof(InvoiceStatus.Draft));
        row.Timestamp(run.RoundAt);
        row.Integer(1);
        row.Integer(run.Round);
        row.Numeric(bill.Charges.Sum(charge => charge.Line.CapReduction.Amount + charge.Line.Discount.Amount));
        row.Numeric(bill.Charges.Sum(charge => charge.Line.Credit.Amount));
    }

    private static void Lines(
        CopyBuffer ordinary, CopyBuffer others, Period period, InvoiceId id, TenantBill bill, ArrayBufferWriter<byte> json)
    {
        for (var i = 0; i < bill.Charges.Count; i++)
        {
            var (due, line) = bill.Charges[i];
            var rows = due.IsOrdinary ? ordinary : others;
            rows.Row((short)(due.IsOrdinary ? 27 : 32));
            rows.Uuid(id.Value);
            rows.Uuid(bill.Tenant.Id.Value);
            rows.Integer(i + 1);
            rows.Uuid(due.Key.Subscription.Value);
            rows.Text(due.Key.Charge);
            rows.Text(due.Key.Meter);
            rows.Text(due.Key.Sku);
            rows.Text(due.Key.Region);
            rows.Bool(due.IsUsage);
            rows.Date(due.Days.Start);
            rows.Date(due.Days.End);
            rows.Text(due.Description);
            rows.Text(line.Quantity.ToString());
            rows.Integer(due.Days.Days);
            rows.Integer(due.IsOrdinary ? period.Days : line.Days.PeriodDays);
            rows.Text(ExactText.Of(line.Unrounded));
            rows.Text(bill.Rated.Currency.Code);
            rows.Numeric(line.Net.Amount);
            rows.Numeric(line.Tax.Amount);
            if (line is { TaxCategory: { } category, TaxPercent: { } percent })
            {
                rows.Text(category);
                rows.Numeric(Percent(percent));
            }
            else
            {
                rows.Null();
                rows.Null();
            }

            json.ResetWrittenCount();
            Steps(json, line.Steps);
            rows.Jsonb(json.WrittenSpan);
            rows.Numeric(line.CapReduction.Amount);
            rows.Numeric(line.Discount.Amount);
            rows.Numeric(line.Credit.Amount);
            if (due.PlanVersion is { } plan)
                rows.Uuid(plan.Value);
            else
                rows.Null();
            if (line.Exchange is { } exchange)
                rows.Jsonb(JsonSerializer.SerializeToUtf8Bytes(LineExchange.Of(exchange), StoredJson.Options));
            else
                rows.Null();
            if (!due.IsOrdinary)
                Other(rows, due);
        }
    }

    private static void Other(CopyBuffer rows, DueCharge due)
    {
        Date(due.Adjustment?.Month);
        rows.Integer(due.Adjustment?.Number ?? 0);
        if (due.Adjustment is { } adjustment)
            rows.Numeric(adjustment.Before.Amount);
        else
            rows.Null();
        Date(due.AheadOf);
        Date(due.Days.Start == due.Key.StartsOn ? null : due.Key.StartsOn);

        void Date(DateOnly? day)
        {
            if (day is { } given)
                rows.Date(given);
            else
                rows.Null();
        }
    }

    // As LineStep is written, by hand: its values are digits, points and minus signs, which need no escaping.
    private static void Steps(ArrayBufferWriter<byte> json, IReadOnlyList<RatingStep> steps)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            var step = steps[i];
            Member(json, i == 0 ? "[{\"from\":\""u8 : ",{\"from\":\""u8, step.From);
            if (step.To is { } to)
                Member(json, "\",\"to\":\""u8, to);
            Member(json, "\",\"quantity\":\""u8, step.Quantity);
            Member(json, "\",\"unitPrice\":\""u8, step.UnitPrice);
            Member(json, "\",\"flatFee\":\""u8, step.FlatFee);
            Member(json, "\",\"amount\":\""u8, step.Amount);
            json.Write("\"}"u8);
        }

        json.Write(steps.Count == 0 ? "[]"u8 : "]"u8);
    }

    private static void Member(ArrayBufferWriter<byte> json, ReadOnlySpan<byte> name, Exact value)
    {
        json.Write(name);
        var digits = value.ToString();
        var written = System.Text.Encoding.ASCII.GetBytes(digits, json.GetSpan(digits.Length));
        json.Advance(written);
    }

    // It was a decimal column before it was an Exact.
    private static decimal Percent(Exact percent) =>
        percent.TryToDecimal(out var value) ? value : throw new InvalidOperationException($"{percent} %");
}
