using FluentValidation;
using Licensing.Commissions.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.PaymentOrders;

/// <param name="Failed">Payouts that were in it and not paid: they are to be ordered again.</param>
internal sealed record WithdrawnView(PaymentOrderView Order, int Failed);

/// <summary>
/// Takes a whole order back, as when the bank refused its file. What it has paid already stays paid; the order itself stays as the bank was told it.
/// Again it finds nothing in it any more.
/// </summary>
internal static class WithdrawPaymentOrder
{
    private const int LongestReason = 500;

    [Needs(CommissionsPermissions.PayoutsManage)]
    public sealed record Command(PaymentOrderId Id, string Reason) : ICommand<WithdrawnView>;

    public sealed record Body(string Reason);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Reason).NotEmpty().MaximumLength(LongestReason);
    }

    internal sealed class Handler(CommissionsDb db, Principal principal, AuditTrail audit, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, WithdrawnView>
    {
        public async Task<Result<WithdrawnView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await FindAsync(command.Id, cancellationToken) is not { } order)
                return PaymentOrderRefusals.NotFound(command.Id);
            var (view, now) = (PaymentOrderView.Of(order), clock.GetUtcNow());

            // Whoever records one of them as paid at this moment is waited for, and that one stays.
            var today = calendar.DayOf(now);
            var failed = await db.Database.ExecuteSqlAsync($"""
                update commissions.payouts set failed_on = {today}, failure = {command.Reason}, order_id = null, version = version + 1
                where order_id = {command.Id.Value} and paid_on is null
                """, cancellationToken);
            // What is all paid cannot be taken back, and stays as it is; or somebody has just taken it back.
            if (failed == 0)
                return new WithdrawnView(PaymentOrderView.Of((await FindAsync(command.Id, cancellationToken))!), 0);
            await db.Database.ExecuteSqlAsync($"""
                insert into commissions.payment_order_withdrawals (order_id, reason, withdrawn_at)
                values ({command.Id.Value}, {command.Reason}, {now}) on conflict do nothing
                """, cancellationToken);
            audit.Note(
                "payment_order", command.Id.Value.ToString(), order.OwnerPath, new() { ["withdrawn"] = failed, ["reason"] = command.Reason });
            return new WithdrawnView(
                order.Withdrawal is null ? view with { WithdrawnAt = now, WithdrawalReason = command.Reason } : view, failed);
        }

        private Task<PaymentOrder?> FindAsync(PaymentOrderId id, CancellationToken ct) => db.PaymentOrders.AsNoTracking().Within(principal.Scope)
            .Include(x => x.Withdrawal).SingleOrDefaultAsync(x => x.Id == id, ct);
    }

    public static void Map(IEndpointRouteBuilder orders) => orders
        .MapPost("/{id:guid}/withdrawn", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new PaymentOrderId(id), body.Reason), ct))
        .Slice<Command, WithdrawnView>(nameof(WithdrawPaymentOrder), "Takes back what an order has not paid");
}
