using Licensing.Kernel.Http;
using Licensing.Usage.Contracts;
using Licensing.Usage.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Usage.Thresholds;

/// <summary>Forgets a threshold and what it told.</summary>
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
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder thresholds) => thresholds
        .MapDelete("/{id:guid}", (Guid id, ISender sender, CancellationToken ct) => sender.NoContent(new Command(new ThresholdId(id)), ct))
        .Slice<Command>(nameof(DeleteThreshold), "Deletes a threshold with its alerts");
}
