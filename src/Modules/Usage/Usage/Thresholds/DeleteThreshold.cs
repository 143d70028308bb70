using Licensing.Kernel.Http;
using Licensing.Usage.Contracts;
using Licensing.Usage.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Usage.Thresholds;

/// <summary>Forgets a threshold and what it told whose it is. What it told who had the tenant before stays theirs.</summary>
internal static class DeleteThreshold
{
    [Needs(UsagePermissions.ThresholdsManage)]
    public sealed record Command(ThresholdId Id) : ICommand<Done>;

    internal sealed class Handler(UsageDb db, Precondition precondition, Principal principal) : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.Set<Threshold>().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken)
                is not { } threshold)
                return ThresholdRefusals.NotFound(command.Id);
            if (precondition.Fails(threshold))
                return Precondition.Failed;
            db.Remove(threshold);
            // Before its alerts: who tells of one at this moment is waited for.
            await db.SaveChangesAsync(cancellationToken);
            await db.Set<ThresholdAlert>().Where(x => x.ThresholdId == threshold.Id && x.OwnerPath == threshold.OwnerPath)
                .ExecuteDeleteAsync(cancellationToken);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder thresholds) => thresholds
        .MapDelete("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(new ThresholdId(id)), ct))
        .Slice<Command>(nameof(DeleteThreshold), "Deletes a threshold with its alerts, but for those that went to who had its tenant before");
}
