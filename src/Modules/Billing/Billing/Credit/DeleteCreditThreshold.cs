using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Credit;

/// <summary>Nobody is told any more when an account is low. What was told stays.</summary>
internal static class DeleteCreditThreshold
{
    [Needs(BillingPermissions.CreditWatch)]
    public sealed record Command(Guid Id) : ICommand<Done>;

    internal sealed class Handler(BillingDb db, LedgerAccounts accounts, Precondition precondition, Principal principal)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.CreditThresholds.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken)
                is not { } threshold)
                return LedgerRefusals.ThresholdNotFound(command.Id);
            if (precondition.Fails(threshold))
                return Precondition.Failed;
            // Who changes the balance at this moment tells before, or finds it gone.
            await accounts.LockAsync([threshold.OwnerId.Value], [threshold.Unit], cancellationToken);
            db.Remove(threshold);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapDelete("/thresholds/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(id), ct))
        .Slice<Command>(nameof(DeleteCreditThreshold), "Stops telling when the credit of an account is low");
}
