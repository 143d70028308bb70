using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Usage.Data;

namespace Licensing.Usage.Thresholds;

/// <summary>Watches a tenant's or a subscription's usage of a meter from the present month on.</summary>
internal static class CreateThreshold
{
    /// <param name="TenantId">Not needed where the subscription is named.</param>
    /// <param name="Levels">Percent of the quota, or quantities; each is told once per month.</param>
    [Needs(UsagePermissions.ThresholdsManage)]
    public sealed record Command(
        string Meter, ThresholdBasis Basis, IReadOnlyList<decimal> Levels, OrganizationId? TenantId = null, SubscriptionId? SubscriptionId = null)
        : ICommand<ThresholdView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(x => x.Meter).NotEmpty().MaximumLength(256);
            RuleFor(x => x.Basis).IsInEnum();
            RuleFor(x => x.Levels).Levels();
        }
    }

    internal sealed class Handler(
        UsageDb db, ISubscriptionDirectory subscriptions, IOrganizationDirectory organizations, ICatalog catalog, UnseenMonths months,
        Principal principal, TimeProvider clock) : ICommandHandler<Command, ThresholdView>
    {
        public async Task<Result<ThresholdView>> Handle(Command command, CancellationToken cancellationToken)
        {
            if ((await TenantAsync(command, cancellationToken)).Refused(out var refusal, out var tenant))
                return refusal;
            if (!(await catalog.MetersAsync(cancellationToken)).ContainsKey(command.Meter))
                return ThresholdRefusals.MeterNotFound;
            var threshold = Threshold.Of(
                tenant, command.SubscriptionId, command.Meter, command.Basis, command.Levels, clock.GetUtcNow());
            db.Add(threshold);
            // What is reached already is told as well.
            await months.MarkAsync(tenant.Id, cancellationToken);
            return ThresholdView.Of(threshold);
        }

        private async Task<Result<OrganizationRef>> TenantAsync(Command command, CancellationToken ct)
        {
            var id = command.TenantId;
            if (command.SubscriptionId is { } subscription)
            {
                if (!(await subscriptions.FindAsync([subscription], ct)).TryGetValue(subscription, out var target)
                    || (id is not null && id != target.TenantId))
                    return ThresholdRefusals.SubscriptionNotFound;
                id = target.TenantId;
            }

            if (id is null)
                return ThresholdRefusals.NobodyNamed;
            return await organizations.FindAsync(id.Value, ct) is { Kind: OrganizationKind.Tenant } tenant && principal.Scope.Contains(tenant.Path)
                ? tenant
                : command.SubscriptionId is null ? ThresholdRefusals.TenantNotFound : ThresholdRefusals.SubscriptionNotFound;
        }
    }

    public static void Map(RouteGroupBuilder thresholds) => thresholds
        .MapPost("/", (Command body, ISender sender, CancellationToken ct) =>
            sender.Created(body, x => $"/api/v1/usage/thresholds/{x.Id.Value}", ct))
        .Slice<Command, ThresholdView>(nameof(CreateThreshold), "Watches usage of a meter and tells when it reaches levels",
            StatusCodes.Status201Created);
}
