using System.Text.Json.Serialization;
using FluentValidation;
using Licensing.Kernel.Http;
using Licensing.Usage.Contracts;
using Licensing.Usage.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Usage.Thresholds;

/// <summary>Changes the levels, or stops and goes on watching. A level that was told this month is not told again in it.</summary>
internal static class ChangeThreshold
{
    [Needs(UsagePermissions.ThresholdsManage)]
    public sealed record Command : ICommand<ThresholdView>
    {
        [JsonIgnore]
        public ThresholdId Id { get; init; }

        public Optional<IReadOnlyList<decimal>> Levels { get; init; }
        public Optional<bool> Active { get; init; }
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => When(x => x.Levels.IsPresent, () => RuleFor(x => x.Levels.Value).Levels().OverridePropertyName("Levels"));
    }

    internal sealed class Handler(UsageDb db, UnseenMonths months, Precondition precondition, Principal principal)
        : ICommandHandler<Command, ThresholdView>
    {
        public async Task<Result<ThresholdView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if (await db.Set<Threshold>().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken)
                is not { } threshold)
                return ThresholdRefusals.NotFound(command.Id);
            if (precondition.Fails(threshold))
                return Precondition.Failed;
            threshold.Change(command.Levels.Or(threshold.Levels), command.Active.Or(threshold.Active));
            await months.MarkAsync(threshold.TenantId, cancellationToken);
            return await db.SavedAsync(() => ThresholdView.Of(threshold), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder thresholds) => thresholds
        .MapPatch("/{id:guid}", (Guid id, Command body, ISender sender, CancellationToken ct) =>
            sender.Ok(body with { Id = new ThresholdId(id) }, ct))
        .Slice<Command, ThresholdView>(nameof(ChangeThreshold), "Changes a threshold's levels, or stops it");
}
