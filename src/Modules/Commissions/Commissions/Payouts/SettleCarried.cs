using FluentValidation;
using Licensing.Commissions.Contracts;
using Licensing.Commissions.Data;
using Licensing.Commissions.Statements;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Payouts;

/// <summary>
/// Ends what an organisation's last statement carried on: above zero it is paid out, whatever the minimum; below, it is written off. Who settles it
/// again gets the first answer.
/// </summary>
internal static class SettleCarried
{
    private const int LongestReason = 500;

    [Needs(CommissionsPermissions.PayoutsManage)]
    public sealed record Command(StatementId Id, string Reason) : ICommand<SettlementView>;

    public sealed record Body(string Reason);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Reason).NotEmpty().MaximumLength(LongestReason);
    }

    internal sealed class Handler(
        CommissionsDb db, CommissionBooks books, IOrganizationDirectory organizations, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, SettlementView>
    {
        public async Task<Result<SettlementView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (!principal.Scope.Contains((await organizations.PlatformAsync(cancellationToken)).Path))
                return CommissionsRefusals.NotThePlatform;
            if (await db.Statements.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken)
                is not { } statement)
                return StatementRefusals.NotFound(command.Id);

            // A payout is something that lives there (ADR 0013); and the next close either takes the amount over, or finds it settled.
            await organizations.HoldAsync([statement.OrganizationId], cancellationToken);
            await db.LockClosingsAsync(cancellationToken);
            if (await db.Settlements.AsNoTracking().SingleOrDefaultAsync(x => x.StatementId == command.Id, cancellationToken) is { } before)
                return SettlementView.Of(before);
            if (statement.CarriedOut == 0m)
                return PayoutRefusals.NothingCarried;
            if (await db.Statements.AnyAsync(x => x.OrganizationId == statement.OrganizationId && x.Closing > statement.Closing, cancellationToken))
                return PayoutRefusals.CarriedOn;

            await books.OpenAsync(cancellationToken);
            var now = clock.GetUtcNow();
            var settlement = Settlement.Of(statement, command.Reason, now);
            db.Add(settlement);
            // What is paid out is owed already, and booked when it is paid.
            if (settlement.Amount > 0m)
            {
                // Held as a close would hold it: as long as the newest of what is in it.
                var newest = await db.Database.SqlQuery<DateOnly>(
                    $"""select commissions.carried_until({statement.OrganizationId.Value}, {statement.Closing}) as "Value" """)
                    .SingleAsync(cancellationToken);
                db.Add(Payout.Of(statement, newest.AddDays(statement.Scheme.HoldingDays), now));
            }
            else
                await books.WrittenOffAsync(settlement, cancellationToken);
            return SettlementView.Of(settlement);
        }
    }

    public static void Map(IEndpointRouteBuilder statements) => statements
        .MapPost("/{id:guid}/settled", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new StatementId(id), body.Reason), ct))
        .Slice<Command, SettlementView>(nameof(SettleCarried), "Pays out or writes off what a statement carried on");
}
