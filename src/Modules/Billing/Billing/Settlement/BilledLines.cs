using System.Text.Json;
using Licensing.Billing.Invoices;
using Licensing.Billing.Rating;
using Licensing.Billing.Runs;
using Licensing.Catalog.Contracts;
using Licensing.Provisioning.Contracts;
using Npgsql;

namespace Licensing.Billing.Settlement;

/// <summary>Reads lines that stand, of invoices <c>i</c> and their lines <c>l</c>: after the tenant and the month that each is for.</summary>
internal static class BilledLines
{
    public const string Columns = """
        i.tenant_id, coalesce(l.ahead_of, l.adjusts, i.period_start), l.subscription_id, l.charge_key, l.meter, l.sku, l.region,
            coalesce(l.keyed_on, l.starts_on), l.starts_on, l.ends_on, l.period_days, l.adjustment, i.status, l.is_usage, l.description, l.quantity,
            l.unrounded, l.currency, l.net, l.cap_reduction, l.discount, l.credit, l.tax_category, l.tax_percent, l.exchange::text,
            l.ahead_of is not null, i.id, i.version, (
                select coalesce(sum(c.net), 0) from billing.credit_note_lines c
                where c.invoice_id = l.invoice_id and c.tenant_id = l.tenant_id and c.invoice_position = l.position),
            case when l.tax_percent = 0 then (
                select t::text from jsonb_array_elements(i.taxes) t
                where t ->> 'category' = l.tax_category and (t ->> 'percent')::numeric = 0 and t ?| array['reasonCode', 'reason']) end,
            l.adjustment > 0 and not (i.kind = 'Regular' and i.period_start = l.adjusts), l.plan_version_id
        """;

    /// <summary>The exchange rates by which was billed in advance.</summary>
    public static Dictionary<(Currency From, Currency To), Exchange> RatesInAdvance(IEnumerable<BilledLine> lines)
    {
        var rates = new Dictionary<(Currency From, Currency To), Exchange>();
        foreach (var line in lines)
            if (line is { IsAhead: true, Exchange: { } used })
                rates.TryAdd((used.From, line.Net.Currency), used);
        return rates;
    }

    public static BilledLine Read(NpgsqlDataReader row)
    {
        var currency = Currency.Parse(row.GetString(17));
        Money Of(int column) => new(row.GetDecimal(column), currency);
        var key = new LineKey(
            new SubscriptionId(row.GetGuid(2)), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6),
            row.GetFieldValue<DateOnly>(7));
        var startsOn = row.GetFieldValue<DateOnly>(8);
        return new BilledLine(key, row.GetInt32(11), row.GetString(12) != nameof(InvoiceStatus.Draft), Of(18))
        {
            Description = row.GetString(14),
            Days = new Period(startsOn, row.GetFieldValue<DateOnly>(9)),
            PeriodDays = row.GetInt32(10),
            IsUsage = row.GetBoolean(13),
            // A difference in days says how many there were on those days, which is no more and no less of them.
            Quantity = startsOn == key.StartsOn ? Exact.Parse(row.GetString(15)) : 0,
            Unrounded = ExactText.Parse(row.GetString(16)),
            CapReduction = Of(19),
            Discount = Of(20),
            Credit = Of(21),
            TaxCategory = row.IsDBNull(22) ? null : row.GetString(22),
            TaxPercent = row.IsDBNull(23) ? null : (Exact)row.GetDecimal(23),
            Exchange = !row.IsDBNull(24) && JsonSerializer.Deserialize<LineExchange>(row.GetString(24), StoredJson.Options) is { } used
                ? new Exchange(used.From, used.Rate, used.On)
                : null,
            PlanVersion = row.IsDBNull(31) ? null : new PlanVersionId(row.GetGuid(31)),
            IsAhead = row.GetBoolean(25),
            IsLate = row.GetBoolean(30),
            Invoice = (row.GetGuid(26), row.GetInt32(27)),
            Credited = Of(28),
            TaxReason = !row.IsDBNull(29) && JsonSerializer.Deserialize<InvoiceTax>(row.GetString(29), StoredJson.Options) is { } tax
                ? TaxReason.Of(tax.ReasonCode, tax.Reason)
                : null,
        };
    }
}
