namespace Licensing.Commissions.Payouts;

internal static class PayoutRefusals
{
    public static Refusal NotFound(PayoutId id) => new(RefusalKind.NotFound, "payout_not_found", $"There is no payout {id.Value}.");

    public static Refusal PaidAlready(DateOnly on, string reference) => new(
        RefusalKind.Conflict, "payout_paid",
        $"It was paid on {on:yyyy-MM-dd} with the reference '{reference}'; that it came back is told with this reference.");

    public static Refusal PaymentReturned(string reference) => new(
        RefusalKind.Conflict, "payment_returned", $"The payment '{reference}' came back; who pays again has another reference.");

    public static Refusal PaymentUnknown(string reference) => new(
        RefusalKind.Conflict, "payment_unknown",
        $"It was never paid with the reference '{reference}'; that it did not arrive is told without one.");

    public static Refusal OrderedElsewhere(Guid order) => new(
        RefusalKind.Conflict, "ordered_elsewhere", $"It is in payment order {order}; say with orderId that it is this one that failed.");

    public static Refusal NothingCarried { get; } = new(
        RefusalKind.Conflict, "nothing_carried", "The statement carried nothing on: it has paid out all that it says.");

    public static Refusal CarriedOn { get; } = new(
        RefusalKind.Conflict, "carried_on", "A later statement of the organisation has taken over what this one carried on; settle that one.");

    public static Refusal Held(DateOnly dueOn) => new(RefusalKind.Conflict, "payout_held", $"It is held until {dueOn:yyyy-MM-dd}.");

    public static Refusal PaidInFuture { get; } = Refusal.Field("/paidOn", "paid_in_future", "paidOn must not be after today.");

    public static Refusal PaidTooEarly(DateOnly from) => Refusal.Field(
        "/paidOn", "paid_too_early", $"paidOn must not be before {from:yyyy-MM-dd}, when it was due and there was a statement of it.");

    public static Refusal NotAState { get; } = new(
        RefusalKind.Malformed, "invalid_state", "state must be Held, Due, Ordered, Failed or Paid.");
}
