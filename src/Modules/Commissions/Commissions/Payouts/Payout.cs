using Licensing.Commissions.Contracts;
using Licensing.Commissions.Data;
using Licensing.Commissions.Statements;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Licensing.Commissions.Payouts;

internal readonly record struct PayoutId(Guid Value) : IId<PayoutId>;

/// <summary>How far a payout is, on a day.</summary>
internal enum PayoutState
{
    /// <summary>The holding days are not over.</summary>
    Held,

    /// <summary>To be paid.</summary>
    Due,

    /// <summary>In an order that a bank is given; what became of it is not known yet.</summary>
    Ordered,

    /// <summary>Tried, and not arrived; to be paid again.</summary>
    Failed,

    /// <summary>Paid; what comes back of that has failed.</summary>
    Paid,
}

/// <summary>What one statement pays out. Held and due follow from the day, so nothing has to happen for it to become due.</summary>
internal sealed class Payout : IOwned, IVersioned
{
    public PayoutId Id { get; init; }
    public StatementId StatementId { get; init; }
    public OrganizationId OrganizationId { get; init; }
    public required string OwnerPath { get; init; }
    public decimal Amount { get; init; }
    public Currency Currency { get; init; }
    public DateOnly DueOn { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The order that is to pay it; null before one, and once it has failed.</summary>
    public Guid? OrderId { get; private set; }

    public DateOnly? FailedOn { get; private set; }
    public string? Failure { get; private set; }
    public DateOnly? PaidOn { get; private set; }

    /// <summary>The bank's, or whoever's who paid it.</summary>
    public string? Reference { get; private set; }

    /// <summary>How often it was paid: more than once where a payment came back.</summary>
    public int Payments { get; private set; }

    /// <summary>References of payments that came back; none of them pays it again.</summary>
    public string[] Returned { get; private set; } = [];

    public int Version { get; init; } = 1;

    /// <summary>The first day on which it can have been paid: it was due, and there was a statement of it.</summary>
    public DateOnly PayableFrom(BillingCalendar calendar) => calendar.DayOf(CreatedAt) is var stated && stated > DueOn ? stated : DueOn;

    /// <summary>All that a statement pays out.</summary>
    /// <param name="statement">The statement.</param>
    /// <param name="dueOn">The first day on which it may be paid.</param>
    /// <param name="now">When it came to be.</param>
    public static Payout Of(Statement statement, DateOnly dueOn, DateTimeOffset now) => new()
    {
        Id = new PayoutId(NamedId.Of(now, 0, statement.Id.Value, "payout")),
        StatementId = statement.Id,
        OrganizationId = statement.OrganizationId,
        OwnerPath = statement.OwnerPath,
        Amount = statement.Payable,
        Currency = statement.Currency,
        DueOn = dueOn,
        CreatedAt = now,
    };

    public PayoutState StateOn(DateOnly day) => (PaidOn, FailedOn) switch
    {
        ({ }, _) => PayoutState.Paid,
        (_, { }) => PayoutState.Failed,
        _ when OrderId is not null => PayoutState.Ordered,
        _ => day < DueOn ? PayoutState.Held : PayoutState.Due,
    };

    /// <returns>False: it was recorded before, just so.</returns>
    public Result<bool> Pay(DateOnly paidOn, string reference, DateOnly today, BillingCalendar calendar)
    {
        if (PaidOn is not null)
            return PaidOn == paidOn && Reference == reference ? false : PayoutRefusals.PaidAlready(PaidOn.Value, Reference!);
        if (Returned.Contains(reference, StringComparer.Ordinal))
            return PayoutRefusals.PaymentReturned(reference);
        if (StateOn(today) is PayoutState.Held)
            return PayoutRefusals.Held(DueOn);
        if (paidOn > today)
            return PayoutRefusals.PaidInFuture;
        if (paidOn < PayableFrom(calendar))
            return PayoutRefusals.PaidTooEarly(PayableFrom(calendar));
        (PaidOn, Reference, FailedOn, Failure, Payments) = (paidOn, reference, null, null, Payments + 1);
        return true;
    }

    /// <returns>False: it was recorded before, just so.</returns>
    /// <param name="orderId">The order that was to pay it: news of a former one does not take it out of a newer.</param>
    /// <param name="reference">The payment that came back: only by its own reference what is paid is taken to be so no longer.</param>
    public Result<bool> Fail(string reason, Guid? orderId, string? reference, DateOnly today)
    {
        if (PaidOn is null && reference is not null)
            return Returned.Contains(reference, StringComparer.Ordinal) ? false : PayoutRefusals.PaymentUnknown(reference);
        if (PaidOn is not null && reference != Reference)
            return PayoutRefusals.PaidAlready(PaidOn.Value, Reference!);
        if (PaidOn is not null)
        {
            (FailedOn, Failure, OrderId, Returned, PaidOn, Reference) = (today, reason, null, [.. Returned, Reference!], null, null);
            return true;
        }

        if (StateOn(today) is PayoutState.Held)
            return PayoutRefusals.Held(DueOn);
        if (Failure == reason)
            return false;
        if (OrderId is { } current && orderId != current)
            return PayoutRefusals.OrderedElsewhere(current);
        (FailedOn, Failure, OrderId) = (today, reason, null);
        return true;
    }

    internal sealed class Table : IEntityTypeConfiguration<Payout>
    {
        public void Configure(EntityTypeBuilder<Payout> builder) => builder.ToTable("payouts").HasKey(x => x.Id);
    }
}

/// <param name="StatementId">What it pays out.</param>
/// <param name="State">Of today.</param>
/// <param name="DueOn">Not before this day.</param>
/// <param name="OrderId">The payment order that it is in.</param>
/// <param name="FailedOn">When it was last told that it did not arrive.</param>
internal sealed record PayoutView(
    PayoutId Id, StatementId StatementId, OrganizationId OrganizationId, Money Amount, PayoutState State, DateOnly DueOn, Guid? OrderId,
    DateOnly? PaidOn, string? Reference, DateOnly? FailedOn, string? Failure, DateTimeOffset CreatedAt,
    [property: System.Text.Json.Serialization.JsonIgnore] int Version) : IDated
{
    public static PayoutView Of(Payout x, DateOnly today) => new(
        x.Id, x.StatementId, x.OrganizationId, new Money(x.Amount, x.Currency), x.StateOn(today), x.DueOn, x.OrderId, x.PaidOn, x.Reference,
        x.FailedOn, x.Failure, x.CreatedAt, x.Version);
}
