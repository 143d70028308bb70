using Licensing.Billing.Data;
using Licensing.Billing.Ledger;
using Licensing.Kernel.Http;

namespace Licensing.Billing.Credit;

/// <summary>
/// Gives back a debit in full, once: to the lots that it was taken from; what came from one that has ended since comes back without an end.
/// Only who sells may: a partner would use what was debited and take it back.
/// </summary>
internal static class ReverseDebit
{
    [Needs(BillingPermissions.CreditReverse)]
    public sealed record Command(Guid Id) : ICommand<DebitView>;

    internal sealed class Handler(BillingDb db, CreditLedger ledger, Principal principal) : ICommandHandler<Command, DebitView>
    {
        public async Task<Result<DebitView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await GetDebit.FindAsync(db, ledger, principal.Scope, command.Id, cancellationToken) is not { } debit)
                return LedgerRefusals.DebitNotFound(command.Id);
            // Who comes second at the same moment is told the same by the key in the database.
            if (debit.ReversedAt is not null)
                return LedgerRefusals.DoneAlready;
            await ledger.GiveBackAsync(debit.OrganizationId, DebitView.KeyOf(debit.Reference), cancellationToken);
            return (await GetDebit.FindAsync(db, ledger, principal.Scope, command.Id, cancellationToken))!;
        }
    }

    public static void Map(RouteGroupBuilder credit) => credit
        .MapPost("/debits/{id:guid}/reversal", (Guid id, ISender sender, CancellationToken ct) => sender.Ok(new Command(id), ct))
        .Slice<Command, DebitView>(nameof(ReverseDebit), "Gives back a debit of prepaid credit, once");
}
