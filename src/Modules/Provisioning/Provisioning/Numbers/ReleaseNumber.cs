using FluentValidation;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Numbers;

/// <summary>
/// Takes a number from its tenant. Nobody else gets it before its quarantine is over, so that a new holder is not called by those who mean the old
/// one.
/// </summary>
internal static class ReleaseNumber
{
    private const int LongestReason = 200;

    /// <param name="Reason">Why, at most 200 characters; for the history.</param>
    public sealed record Body(string? Reason = null);

    [Needs(ProvisioningPermissions.NumbersAllocate)]
    public sealed record Command(InboundNumberId Id, string? Reason) : ICommand<NumberView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Reason).MaximumLength(LongestReason);
    }

    internal sealed class Handler(
        ProvisioningDb db, ProvisioningSettings settings, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, NumberView>
    {
        public async Task<Result<NumberView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var number = await db.InboundNumbers.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (number is null)
                return NumberRefusals.NotFound(command.Id.Value);
            if (precondition.Fails(number))
                return Precondition.Failed;

            // Asked after the number, it may have been released between the two.
            var holding = await db.NumberHoldings.SingleOrDefaultAsync(x => x.NumberId == number.Id && x.UntilAt == null, cancellationToken);
            if (holding is null)
                return NumberRefusals.NotAllocated;
            var now = clock.GetUtcNow();
            if (number.Release(TimeSpan.FromDays(settings.NumberQuarantineDays), now).Refused(out var refusal, out var released))
                return refusal;

            holding.End(principal.Access.Name, command.Reason, now);
            db.Publish(released);
            if (released.QuarantinedUntil is { } until)
                db.Publish(new NumberQuarantineDue(number.Id), until);
            return await db.SavedAsync(() => NumberView.Of(number, principal.Scope, now), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder numbers) => numbers
        .MapPost("/{id:guid}/release", (Guid id, Body? body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new InboundNumberId(id), body?.Reason), ct))
        .Slice<Command, NumberView>(nameof(ReleaseNumber), "Releases an inbound number into quarantine")
        .WithMetadata(new TakesIfMatch());
}
