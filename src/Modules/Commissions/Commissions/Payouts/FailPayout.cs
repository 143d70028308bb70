using FluentValidation;
using Licensing.Commissions.Data;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Payouts;

/// <summary>Records that a payout did not arrive, so that it is due again.</summary>
internal static class FailPayout
{
    private const int LongestReason = 500;

    [Needs(CommissionsPermissions.PayoutsManage)]
    public sealed record Command(PayoutId Id, string Reason, Guid? OrderId) : ICommand<PayoutView>;

    public sealed record Body(string Reason, Guid? OrderId = null);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Reason).NotEmpty().MaximumLength(LongestReason);
    }

    internal sealed class Handler(
        CommissionsDb db, Precondition precondition, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, PayoutView>
    {
        public async Task<Result<PayoutView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.Payouts.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken) is not { } payout)
                return PayoutRefusals.NotFound(command.Id);
            if (precondition.Fails(payout))
                return Precondition.Failed;
            var today = calendar.DayOf(clock.GetUtcNow());
            return payout.Fail(command.Reason, command.OrderId, today).Refused(out var refusal, out _)
                ? refusal
                : await db.SavedAsync(() => PayoutView.Of(payout, today), cancellationToken);
        }
    }

    public static void Map(IEndpointRouteBuilder payouts) => payouts
        .MapPost("/{id:guid}/failed", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new PayoutId(id), body.Reason, body.OrderId), ct))
        .Slice<Command, PayoutView>(nameof(FailPayout), "Records that a payout did not arrive")
        .WithMetadata(new TakesIfMatch());
}
