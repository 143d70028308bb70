using FluentValidation;
using Licensing.Commissions.Data;
using Licensing.Kernel.Http;

namespace Licensing.Commissions.Payouts;

/// <summary>Records that a payout has been paid. Whoever says the same again changes nothing.</summary>
internal static class PayPayout
{
    private const int LongestReference = 140;

    [Needs(CommissionsPermissions.PayoutsManage)]
    public sealed record Command(PayoutId Id, DateOnly PaidOn, string Reference) : ICommand<PayoutView>;

    public sealed record Body(DateOnly PaidOn, string Reference);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Reference).NotEmpty().MaximumLength(LongestReference);
    }

    internal sealed class Handler(
        CommissionsDb db, SeenPayouts payouts, CommissionBooks books, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, PayoutView>
    {
        public async Task<Result<PayoutView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await payouts.FindAsync(command.Id, cancellationToken)).Refused(out var refusal, out var payout))
                return refusal;
            var today = calendar.DayOf(clock.GetUtcNow());
            if (payout.Pay(command.PaidOn, command.Reference, today, calendar).Refused(out refusal, out var changed))
                return refusal;
            if (changed)
                await books.PaidAsync(payout, cancellationToken);
            return await db.SavedAsync(() => PayoutView.Of(payout, today), cancellationToken);
        }
    }

    public static void Map(IEndpointRouteBuilder payouts) => payouts
        .MapPost("/{id:guid}/paid", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new PayoutId(id), body.PaidOn, body.Reference), ct))
        .Slice<Command, PayoutView>(nameof(PayPayout), "Records that a payout has been paid")
        .WithMetadata(new TakesIfMatch());
}
