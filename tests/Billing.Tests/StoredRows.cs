namespace Licensing.Billing.Tests;

/// <summary>Rows as a version of before would have written them.</summary>
internal static class StoredRows
{
    public const string Seller = "00000000-0000-0000-0000-000000000001";

    /// <summary>The tenant 7.</summary>
    public const string Owner = "00000000-0000-0000-0000-000000000007";

    public static string Id(int number) => $"00000000-0000-0000-0000-{number:000000000000}";

    /// <summary>A draft, or what is issued where it has a number.</summary>
    public static string Invoice(int id, int tenant, string month, string? number = null, string kind = "Regular") => $"""
        insert into billing.invoices (id, tenant_id, owner_path, seller_id, period_start, period_end, kind, currency, net, tax, total,
            usage_exact, line_count, taxes, status, created_at, version, number, issued_at)
        values ('{Id(id)}', '{Id(tenant)}', '7.', '{Seller}', '{month}', date '{month}' + interval '1 month', '{kind}', 'EUR', 1, 0, 1, '0', 2,
            '[]', {(number is null ? "'Draft', now(), 1, null, null" : $"'Issued', now(), 1, '{number}', now()")});
        """;

    public static string Line(
        int invoice, int tenant, int position, string credit, string startsOn, string? ahead = null, string? adjusts = null, string charge = "base",
        string cap = "0", string discount = "0") => $"""
        insert into billing.invoice_lines (invoice_id, tenant_id, position, subscription_id, charge_key, meter, sku, region, is_usage, starts_on,
            ends_on, description, quantity, days, period_days, unrounded, currency, net, tax, steps, cap_reduction, discount, credit, ahead_of,
            adjusts, adjustment, billed_before)
        values ('{Id(invoice)}', '{Id(tenant)}', {position}, '{Id(2)}', '{charge}', '', '', '', false, '{startsOn}',
            date '{startsOn}' + interval '1 month', 'x', '1', 1, 31, '1', 'EUR', 1, 0, '[]', {cap}, {discount}, {credit},
            {(ahead is null ? "null" : $"'{ahead}'")}, {(adjusts is null ? "null, 0, null" : $"'{adjusts}', 1, 5")});
        """;
}
