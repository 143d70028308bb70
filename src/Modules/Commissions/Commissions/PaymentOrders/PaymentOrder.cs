using System.Linq.Expressions;
using Licensing.Commissions.Payouts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Commissions.PaymentOrders;

internal readonly record struct PaymentOrderId(Guid Value) : IId<PaymentOrderId>;

/// <summary>What a bank is told to pay, from one account in one currency. Written whole and never changed, so that its file stays the same.</summary>
internal sealed class PaymentOrder : IOwned
{
    public PaymentOrderId Id { get; init; }
    public required string OwnerPath { get; init; }
    public Currency Currency { get; init; }
    public DateOnly ExecutesOn { get; init; }
    public required string Holder { get; init; }
    public required string Iban { get; init; }
    public string? Bic { get; init; }
    public int Payouts { get; init; }
    public decimal Total { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null of one that stands.</summary>
    public PaymentOrderWithdrawal? Withdrawal { get; init; }

    internal sealed class Table : IEntityTypeConfiguration<PaymentOrder>
    {
        public void Configure(EntityTypeBuilder<PaymentOrder> builder)
        {
            builder.ToTable("payment_orders").HasKey(x => x.Id);
            builder.HasOne(x => x.Withdrawal).WithOne().HasForeignKey<PaymentOrderWithdrawal>(x => x.OrderId);
        }
    }
}

/// <summary>That an order was taken back. What of it was paid before stays paid; its files are not given out again.</summary>
internal sealed class PaymentOrderWithdrawal
{
    public PaymentOrderId OrderId { get; init; }
    public required string Reason { get; init; }
    public DateTimeOffset WithdrawnAt { get; init; }

    internal sealed class Table : IEntityTypeConfiguration<PaymentOrderWithdrawal>
    {
        public void Configure(EntityTypeBuilder<PaymentOrderWithdrawal> builder) =>
            builder.ToTable("payment_order_withdrawals").HasKey(x => x.OrderId);
    }
}

/// <summary>One payment of an order.</summary>
internal sealed class PaymentOrderLine
{
    public PaymentOrderId OrderId { get; init; }

    /// <summary>From 1.</summary>
    public int Position { get; init; }

    public PayoutId PayoutId { get; init; }
    public decimal Amount { get; init; }
    public required string Holder { get; init; }
    public required string Iban { get; init; }
    public string? Bic { get; init; }

    /// <summary>What the receiver reads on its account.</summary>
    public required string Remittance { get; init; }

    internal sealed class Table : IEntityTypeConfiguration<PaymentOrderLine>
    {
        public void Configure(EntityTypeBuilder<PaymentOrderLine> builder) =>
            builder.ToTable("payment_order_lines").HasKey(x => new { x.OrderId, x.Position });
    }
}

/// <param name="Payouts">How many it pays; as CSV or pain.001 each is a line.</param>
/// <param name="Holder">From whose account.</param>
/// <param name="WithdrawnAt">When it was taken back; its files are not given out again.</param>
/// <param name="WithdrawalReason">Why it was taken back.</param>
internal sealed record PaymentOrderView(
    PaymentOrderId Id, Money Total, int Payouts, DateOnly ExecutesOn, string Holder, DateTimeOffset CreatedAt, DateTimeOffset? WithdrawnAt,
    string? WithdrawalReason)
{
    public static Expression<Func<PaymentOrder, PaymentOrderView>> Projection { get; } = x => new PaymentOrderView(
        x.Id, new Money(x.Total, x.Currency), x.Payouts, x.ExecutesOn, x.Holder, x.CreatedAt,
        x.Withdrawal == null ? null : x.Withdrawal.WithdrawnAt, x.Withdrawal == null ? null : x.Withdrawal.Reason);

    private static readonly Func<PaymentOrder, PaymentOrderView> Compiled = Projection.Compile();

    /// <summary>Of an order that was read with its withdrawal.</summary>
    public static PaymentOrderView Of(PaymentOrder order) => Compiled(order);
}

/// <summary>What the bank's file of an order is to be.</summary>
internal enum OrderFormat
{
    /// <summary>A table, which carries every account.</summary>
    Csv,

    /// <summary>A SEPA credit transfer (pain.001), which carries euro between accounts in SEPA.</summary>
    Sepa,
}

/// <param name="Order">What was ordered.</param>
/// <param name="Format">What it was ordered as.</param>
/// <param name="WithoutAccount">Payouts that are due, too, and left out, because their organisation has no bank account.</param>
/// <param name="OutsideSepa">And because its account is in no country of SEPA: an order as CSV takes them.</param>
/// <param name="Left">Payouts that are due, too, and are for the next order: one has at most 10,000.</param>
/// <param name="LeftOut">Which were left out; the first 100 of each reason.</param>
internal sealed record OrderedView(
    PaymentOrderView Order, OrderFormat Format, long WithoutAccount, long OutsideSepa, long Left, IReadOnlyList<LeftOutView> LeftOut);

internal static class PaymentOrderRefusals
{
    public static Refusal NotFound(PaymentOrderId id) =>
        new(RefusalKind.NotFound, "payment_order_not_found", $"There is no payment order {id.Value}.");

    public static Refusal Withdrawn(PaymentOrderId id) => new(RefusalKind.Conflict, "payment_order_withdrawn",
        $"The payment order {id.Value} was taken back; what it has not paid is ordered again, and its file would pay it twice.");

    public static Refusal NoAccount { get; } = new(
        RefusalKind.Conflict, "platform_account_missing", "The platform has no bank account to pay from.");

    public static Refusal NothingToPay(Currency currency, long without, long outside) => new(RefusalKind.Conflict, "nothing_to_pay",
        without + outside == 0
            ? $"Nothing in {currency} is due."
            : $"Nothing in {currency} is due that this order could pay; {without} payouts are due to organisations without a bank account"
                + (outside == 0 ? "." : $", {outside} to accounts outside SEPA, which an order as Csv pays."));

    public static Refusal InThePast { get; } = Refusal.Field("/executesOn", "executes_in_past", "executesOn must not be before today.");

    public static Refusal TooLate(DateOnly last) => Refusal.Field(
        "/executesOn", "executes_too_late", $"executesOn must not be after {last:yyyy-MM-dd}: what is ordered is paid soon.");

    public static Refusal NotInSepa(IReadOnlyList<int> positions, bool payer) => new(
        RefusalKind.Conflict, "not_in_sepa", payer
            ? "The platform's account is in no country of SEPA. Take the order as CSV."
            : $"A SEPA credit transfer goes to accounts in SEPA; those of positions {string.Join(", ", positions.Take(20))} are not. "
                + "Take the order as CSV.");

    public static Refusal NotEuro(Currency currency) => new(
        RefusalKind.Conflict, "not_in_euro", $"A SEPA credit transfer is in euro; this order is in {currency}. Take it as CSV.");
}
