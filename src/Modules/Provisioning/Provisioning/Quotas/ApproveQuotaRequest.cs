using FluentValidation;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Quotas;

/// <summary>Gives a subscription the quota that was asked for; it holds from now on, whatever plan comes.</summary>
internal static class ApproveQuotaRequest
{
    public sealed record Body(string? Reason = null);

    [Needs(ProvisioningPermissions.QuotasDecide)]
    public sealed record Command(Guid Id, string? Reason) : ICommand<QuotaRequestView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Reason).MaximumLength(QuotaRequest.LongestReason);
    }

    internal sealed class Handler(ProvisioningDb db, Precondition precondition, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, QuotaRequestView>
    {
        public async Task<Result<QuotaRequestView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var asked = await db.QuotaRequests.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (asked is null)
                return QuotaRefusals.NotFound(command.Id);
            if (precondition.Fails(asked))
                return Precondition.Failed;

            var now = clock.GetUtcNow();
            if (asked.Decide(QuotaRequestStatus.Approved, command.Reason, principal.Access.Name, now).Refused(out var refusal, out _))
                return refusal;
            var subscription = await db.Subscriptions.SingleAsync(x => x.Id == asked.SubscriptionId, cancellationToken);
            var today = calendar.DayOf(now);
            if (subscription.SetQuota(asked.Meter, asked.Limit, today).Refused(out refusal, out var changed))
                return refusal;

            db.Add(HistoryEntry.Of(
                subscription, HistoryEvent.QuotaAgreed, today, principal.Access.Name, now, reason: $"{changed.Meter}: {changed.Limit}"));
            db.Publish(changed);
            return await db.SavedAsync(() => QuotaRequestView.Of(asked), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder requests) => requests
        .MapPost("/{id:guid}/approve", (Guid id, Body? body, ISender sender, CancellationToken ct) => sender.Ok(new Command(id, body?.Reason), ct))
        .Slice<Command, QuotaRequestView>(nameof(ApproveQuotaRequest), "Approves a quota request")
        .WithMetadata(new TakesIfMatch());
}
