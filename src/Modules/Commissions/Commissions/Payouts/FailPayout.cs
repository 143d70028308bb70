using FluentValidation;
using Licensing.Commissions.Data;
using Licensing.Kernel.Http;

namespace Licensing.Commissions.Payouts;

/// <summary>Records that a payout did not arrive, or that what was paid came back, so that it is to be paid again.</summary>
internal static class FailPayout
{
    private const int LongestReason = 500;

    [Needs(CommissionsPermissions.PayoutsManage)]
    public sealed record Command(PayoutId Id, string Reason, Guid? OrderId, string? Reference) : ICommand<PayoutView>;

    public sealed record Body(string Reason, Guid? OrderId = null, string? Reference = null);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Reason).NotEmpty().MaximumLength(LongestReason);
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
            var paid = payout.PaidOn is not null;
            if (payout.Fail(command.Reason, command.OrderId, command.Reference, today).Refused(out refusal, out _))
                return refusal;
            if (paid)
                await books.ReturnedAsync(payout, payout.Returned[^1], cancellationToken);
            return await db.SavedAsync(() => PayoutView.Of(payout, today), cancellationToken);
        }
    }

    public static void Map(IEndpointRouteBuilder payouts) => payouts
        .MapPost("/{id:guid}/failed", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new PayoutId(id), body.Reason, body.OrderId, body.Reference), ct))
        .Slice<Command, PayoutView>(nameof(FailPayout), "Records that a payout did not arrive or came back")
        .WithMetadata(new TakesIfMatch());
}
