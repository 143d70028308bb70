using System.Text.Json.Nodes;
using Licensing.Billing.Data;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Invoices;

/// <summary>A payment to be written down.</summary>
/// <param name="Reference">Unique for its invoice.</param>
/// <param name="Amount">In the invoice's currency.</param>
/// <param name="PaidOn">The day of value.</param>
/// <param name="Method">In the caller's words.</param>
internal sealed record NewPayment(string Reference, decimal Amount, DateOnly PaidOn, string Method)
{
    public bool FromCredit { get; init; }

    /// <summary>The payment that it takes back, and why.</summary>
    public (Guid Payment, string Reason)? Reverses { get; init; }
}

/// <summary>Writes payments of an invoice that the caller has locked, with their entries in the journal.</summary>
internal sealed class PaymentBook(BillingDb db, BillingCalendar calendar, AuditTrail audit, TimeProvider clock)
{
    public DateOnly Today => calendar.DayOf(clock.GetUtcNow());

    public Task<Payment?> FindAsync(Invoice invoice, string reference, CancellationToken ct) => db.Payments.AsNoTracking()
        .SingleOrDefaultAsync(x => x.InvoiceId == invoice.Id && x.TenantId == invoice.TenantId && x.Reference == reference, ct);

    /// <summary>The answer to a payment that is sent again; one that was taken back pays nothing any more, and says so.</summary>
    public async Task<Result<PaymentView>> AgainAsync(Payment recorded, CancellationToken ct) =>
        await db.Payments.AnyAsync(x => x.InvoiceId == recorded.InvoiceId && x.TenantId == recorded.TenantId && x.Reverses == recorded.Id, ct)
            ? InvoiceRefusals.PaymentReversedAlready
            : PaymentView.Of(recorded);

    public async Task<PaymentView> AddAsync(Invoice invoice, NewPayment payment, CancellationToken ct)
    {
        // The trigger gives it its number and adds it to the invoice.
        var now = clock.GetUtcNow();
        var id = Id.NewGuid(now);
        await db.Database.ExecuteSqlAsync($"""
            insert into billing.payments (
                id, tenant_id, owner_path, seller_id, invoice_id, reference, amount, currency, paid_on, method, from_credit, reverses, reason,
                created_at)
            values ({id}, {invoice.TenantId.Value}, {invoice.OwnerPath}, {invoice.SellerId.Value}, {invoice.Id.Value}, {payment.Reference},
                {payment.Amount}, {invoice.Currency.Code}, {payment.PaidOn}, {payment.Method}, {payment.FromCredit},
                {payment.Reverses?.Payment}, {payment.Reverses?.Reason}, {now})
            """, ct);
        await db.Database.ExecuteSqlAsync($"select billing.post_payment({id}, {calendar.DayOf(now)})", ct);

        var noted = new JsonObject
        {
            ["invoice"] = invoice.Number,
            ["reference"] = payment.Reference,
            ["amount"] = new Money(payment.Amount, invoice.Currency).ToString(),
        };
        if (payment.Reverses is { } reverses)
            noted["reason"] = reverses.Reason;
        audit.Note("payment", id.ToString(), invoice.OwnerPath, noted);
        return PaymentView.Of((await FindAsync(invoice, payment.Reference, ct))!);
    }
}
