using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Numbers;

/// <summary>Takes a number that nobody holds out of its pool. What it was stays; it can be loaded again, also for another branch.</summary>
internal static class WithdrawNumber
{
    [Needs(ProvisioningPermissions.NumbersLoad)]
    public sealed record Command(InboundNumberId Id) : ICommand<Done>;

    internal sealed class Handler(ProvisioningDb db, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            var number = await db.InboundNumbers.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (number is null)
                return NumberRefusals.NotFound(command.Id.Value);
            return precondition.Fails(number) ? Precondition.Failed : number.Withdraw(clock.GetUtcNow());
        }
    }

    public static void Map(RouteGroupBuilder numbers) => numbers
        .MapDelete("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(new InboundNumberId(id)), ct))
        .Slice<Command>(nameof(WithdrawNumber), "Withdraws an inbound number from its pool");
}
