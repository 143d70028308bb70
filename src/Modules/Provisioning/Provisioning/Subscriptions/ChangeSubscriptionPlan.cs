using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Contracts;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>
/// Puts a plan's newest version in force from today or a day to come: another plan of this product or another one, or a newer version of
/// the same. Days before keep theirs, and are billed by it.
/// </summary>
internal static class ChangeSubscriptionPlan
{
    /// <param name="PlanId">The plan; its newest published version is taken.</param>
    /// <param name="EffectiveDate">The first day of the new plan; today when left out, or the start if that is to come.</param>
    /// <param name="Quantities">All that is held from then on; what is held already when left out.</param>
    /// <param name="AutoRenew">Whether each term is followed by another; left out, what was said of it for the subscription stays, and where
    /// nothing was the plan says so.</param>
    public sealed record Body(
        PlanId PlanId, DateOnly? EffectiveDate = null, IReadOnlyDictionary<string, int>? Quantities = null, bool? AutoRenew = null);

    [Needs(ProvisioningPermissions.SubscriptionsManage)]
    public sealed record Command(SubscriptionId Id, Body Asked) : ICommand<SubscriptionView>;

    internal sealed class Handler(
        ProvisioningDb db, ICatalog catalog, IExchangeRates rates, IOrganizationDirectory organizations, Prerequisites prerequisites,
        Principal principal, Precondition precondition, BillingCalendar calendar, TimeProvider clock) : ICommandHandler<Command, SubscriptionView>
    {
        public async Task<Result<SubscriptionView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var asked = command.Asked;
            var subscription = await db.Subscriptions.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == command.Id, cancellationToken);
            if (subscription is null)
                return SubscriptionRefusals.NotFound(command.Id.Value);
            if (precondition.Fails(subscription))
                return Precondition.Failed;
            if (await catalog.CurrentVersionAsync(asked.PlanId, cancellationToken) is not { } plan)
                return SubscriptionRefusals.PlanNotAvailable(asked.PlanId);
            var tenant = (await organizations.FindAsync(subscription.TenantId, cancellationToken))!;
            var now = clock.GetUtcNow();
            var today = calendar.DayOf(now);
            if (!(await BillableCurrencies.OfAsync(rates, [plan], [tenant], today, cancellationToken)).Fit(plan, tenant))
                return SubscriptionRefusals.CurrencyMismatch(plan, tenant);

            var held = await prerequisites.OfAsync([subscription.TenantId], [plan], cancellationToken);
            if (held.Missing(plan, subscription.TenantId, asked.EffectiveDate ?? today, besides: subscription.Id) is [_, ..] missing)
                return Refusal.AllFields(missing);
            var rules = await catalog.RulesOfAsync(subscription.ProductsFrom(today).Append(plan.Product).Distinct(), cancellationToken);
            if (subscription.ChangePlan(
                    on => PlanFrom.Of(plan, on, now, asked.AutoRenew), asked.Quantities, asked.EffectiveDate, rules, today)
                .Refused(out var refusal, out var agreed))
                return refusal;

            var (from, changed) = (agreed.Plan, agreed.Changed);
            db.Add(HistoryEntry.Of(
                subscription, changed is null ? HistoryEvent.PlanChangeAgreed : HistoryEvent.PlanChanged, from.On, principal.Access.Name, now,
                agreed.Quantities.After, plan: plan.Id));
            if (agreed.Quantities.Changed is { } quantities)
                db.Publish(quantities);
            if (changed is not null)
                db.Publish(changed);
            else if (from.On > subscription.StartsOn)
                db.Publish(new PlanChangeDue(subscription.Id, from.On, from.Agreement), calendar.StartOf(from.On));
            if (agreed.Repriced is { } repriced)
                db.Publish(repriced);
            // A term that begins with the plan; any other's end is expected already.
            if (from.On <= today || from.On == subscription.StartsOn)
                db.ExpectTermEnd(subscription, from.On, calendar);
            return await db.SavedAsync(() => SubscriptionView.Of(subscription, today), cancellationToken);
        }
    }

    public static void Map(RouteGroupBuilder subscriptions) => subscriptions
        .MapPost("/{id:guid}/change-plan", (Guid id, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Command(new SubscriptionId(id), body), ct))
        .Slice<Command, SubscriptionView>(nameof(ChangeSubscriptionPlan), "Changes a subscription's plan or its version now or from a day on")
        .WithMetadata(new TakesIfMatch());
}
