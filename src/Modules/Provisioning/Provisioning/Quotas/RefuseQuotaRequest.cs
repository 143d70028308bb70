using FluentValidation;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Quotas;

/// <summary>Leaves a quota as it is, with a reason that the asker reads.</summary>
internal static class RefuseQuotaRequest
{
    public sealed record Body(string Reason);

    [Needs(ProvisioningPermissions.QuotasDecide)]
    public sealed record Command(Guid Id, string Reason) : ICommand<QuotaRequestView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Reason).NotEmpty().MaximumLength(QuotaRequest.LongestReason);
    }

    internal sealed class Handler(ProvisioningDb db, Precondition precondition, Principal principal, TimeProvider clock)
        : ICommandHandler<Command, QuotaRequestView>
    {
        public async Task<Result<QuotaRequestView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var asked = await db.QuotaRequests.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (asked is null)
                return QuotaRefusals.NotFound(command.Id);
            if (precondition.Fails(asked))
                return Precondition.Failed;
            if (asked.Decide(QuotaRequestStatus.Refused, command.Reason, principal.Access.Name, clock.GetUtcNow()).Refused(out var refusal, out _))
                return refusal;

            return await db.SavedAsync(() => QuotaRequestView.Of(asked), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder requests) => requests
        .MapPost("/{id:guid}/refuse", (Guid id, Body body, ISender sender, CancellationToken ct) => sender.Ok(new Command(id, body.Reason), ct))
        .Slice<Command, QuotaRequestView>(nameof(RefuseQuotaRequest), "Refuses a quota request")
        .WithMetadata(new TakesIfMatch());
}
