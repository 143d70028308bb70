using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Credit;

/// <summary>Nothing is added by itself any more. Another rule of the same month goes on counting where this one stood.</summary>
internal static class DeleteTopUpRule
{
    [Needs(BillingPermissions.CreditTopUp)]
    public sealed record Command(Guid Id) : ICommand<Done>;

    internal sealed class Handler(BillingDb db, LedgerAccounts accounts, Precondition precondition, Principal principal)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.TopUpRules.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken) is not { } rule)
                return LedgerRefusals.RuleNotFound(command.Id);
            if (!CreditAccounts.MayGive(principal.Scope, rule.OwnerPath, rule.Unit))
                return LedgerRefusals.NotTheGiver;
            if (precondition.Fails(rule))
                return Precondition.Failed;
            await accounts.LockAsync([rule.OwnerId.Value], [rule.Unit], cancellationToken);
            db.Remove(rule);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapDelete("/top-up-rules/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(id), ct))
        .Slice<Command>(nameof(DeleteTopUpRule), "Stops adding credit to an account by itself");
}
