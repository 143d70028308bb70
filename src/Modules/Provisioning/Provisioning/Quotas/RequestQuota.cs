using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Quotas;

/// <summary>Asks the platform for another quota of a subscription.</summary>
internal static class RequestQuota
{
    private const int LongestMeter = 100;

    [Needs(ProvisioningPermissions.QuotasRequest)]
    public sealed record Command(SubscriptionId SubscriptionId, string Meter, decimal Limit, string Reason) : ICommand<QuotaRequestView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Meter).NotEmpty().MaximumLength(LongestMeter);
            RuleFor(x => x.Limit).GreaterThanOrEqualTo(0).WithErrorCode("negative").WithMessage("limit must be at least 0.");
            RuleFor(x => x.Reason).NotEmpty().MaximumLength(QuotaRequest.LongestReason);
        }
    }

    internal sealed class Handler(ProvisioningDb db, ICatalog catalog, Principal principal, BillingCalendar calendar, TimeProvider clock)
        : ICommandHandler<Command, QuotaRequestView>
    {
        public async Task<Result<QuotaRequestView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var id = command.SubscriptionId;
            if (await db.Subscriptions.AsNoTracking().Within(principal.Scope)
                .SingleOrDefaultAsync(x => x.Id == id, cancellationToken) is not { } subscription)
                return SubscriptionRefusals.NotFound(id.Value);
            var now = clock.GetUtcNow();
            if (subscription.StatusOn(calendar.DayOf(now)) is SubscriptionStatus.Cancelled or SubscriptionStatus.Expired)
                return SubscriptionRefusals.Ended;
            if (!(await catalog.MetersAsync(cancellationToken)).ContainsKey(command.Meter))
                return QuotaRefusals.UnknownMeter(command.Meter);
            if (await db.QuotaRequests.AnyAsync(
                x => x.SubscriptionId == id && x.Meter == command.Meter && x.Status == QuotaRequestStatus.Pending, cancellationToken))
                return QuotaRefusals.Pending;

            var asked = QuotaRequest.Of(subscription, command.Meter, command.Limit, command.Reason, principal.Access.Name, now);
            db.Add(asked);
            return QuotaRequestView.Of(asked);
        }
    }

    public static void Map(RouteGroupBuilder requests) => requests
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) => sender.Created(body, x => $"/api/v1/quota-requests/{x.Id}", ct))
        .Slice<Command, QuotaRequestView>(nameof(RequestQuota), "Asks for another quota of a subscription", StatusCodes.Status201Created);
}
