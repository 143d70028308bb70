using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Quotas;
using Licensing.Provisioning.Seats;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Subscriptions;

/// <summary>A subscription as it is asked for.</summary>
/// <param name="TenantId">Who gets it.</param>
/// <param name="PlanId">Its newest published version is what is bought.</param>
/// <param name="Quantities">Feature → quantity; none when left out.</param>
/// <param name="StartDate">First day; today when left out.</param>
/// <param name="EndDate">First day after its last; not for plans with a term. Left out, the term decides, or it is open-ended.</param>
/// <param name="Reference">The caller's own name for it, unique within the tenant.</param>
/// <param name="AutoRenew">Whether each term is followed by another; the plan says so when left out. Without a term it means nothing.</param>
/// <param name="Quotas">The most usage of a billing period by meter, in place of the plan's; only by those who decide about quotas.</param>
internal sealed record NewSubscription(
    OrganizationId TenantId, PlanId PlanId, IReadOnlyDictionary<string, int>? Quantities = null, DateOnly? StartDate = null, DateOnly? EndDate = null,
    string? Reference = null, bool? AutoRenew = null, IReadOnlyDictionary<string, decimal>? Quotas = null);

/// <summary>Opens one subscription or a thousand by the same rules, with as many reads for all as for one.</summary>
internal sealed class Opening(
    ProvisioningDb db, IOrganizationDirectory organizations, IOrganizationSettings organizationSettings, ICatalog catalog, IExchangeRates rates,
    Principal principal, Prerequisites prerequisites, ProvisioningSettings settings, BillingCalendar calendar, TimeProvider clock)
{
    private const int LongestReference = 120;

    /// <summary>Each one's outcome, in the order asked; those that are not refused are added.</summary>
    public async Task<IReadOnlyList<Result<Subscription>>> OpenAsync(IReadOnlyList<NewSubscription> asked, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var today = calendar.DayOf(now);
        var tenantIds = asked.Where(a => a is not null).Select(a => a.TenantId).Distinct().ToList();
        var tenants = await organizations.HoldAsync(tenantIds, ct);
        var plans = await catalog.CurrentVersionsAsync([.. asked.Where(a => a is not null).Select(a => a.PlanId).Distinct()], ct);
        var rules = await catalog.RulesOfAsync(plans.Values.Select(p => p.Product).Distinct(), ct);
        var meters = asked.Any(a => a?.Quotas is not null) ? (await catalog.MetersAsync(ct)).Keys.ToHashSet() : [];
        var taken = await TakenAsync(asked, tenantIds, ct);
        var holds = await prerequisites.OfAsync(tenantIds, plans.Values, ct);
        var currencies = await BillableCurrencies.OfAsync(rates, plans.Values, tenants.Values, today, ct);
        var licensing = await organizationSettings.LicensingAsync(
            [.. tenants.Values.Where(t => principal.Scope.Contains(t.Path)).Select(t => principal.Scope.RootOf(t.Path)).Distinct()], ct);

        var outcomes = new List<Result<Subscription>>(asked.Count);
        foreach (var one in asked)
        {
            if (Decide(one, tenants, licensing, plans, currencies, rules, meters, taken, holds, today, now)
                .Refused(out var refusal, out var subscription))
            {
                outcomes.Add(refusal);
                continue;
            }

            if (one.Reference is { } reference)
                taken.Add((one.TenantId, reference));
            Add(subscription, today, now);
            holds.Add(subscription);
            outcomes.Add(subscription);
        }

        return outcomes;
    }

    private Result<Subscription> Decide(
        NewSubscription? asked, IReadOnlyDictionary<OrganizationId, OrganizationRef> tenants,
        IReadOnlyDictionary<string, LicensingSettings> licensing, IReadOnlyDictionary<PlanId, PlanVersionRef> plans,
        BillableCurrencies currencies, IReadOnlyDictionary<string, ProductRules> rules, HashSet<string> meters,
        HashSet<(OrganizationId, string)> taken, HeldProducts holds, DateOnly today, DateTimeOffset now)
    {
        if (asked is null)
            return SubscriptionRefusals.ItemMissing;
        if (!tenants.TryGetValue(asked.TenantId, out var tenant) || tenant.Kind is not OrganizationKind.Tenant
            || !principal.Scope.Contains(tenant.Path))
            return TenantRefusals.NotFound(asked.TenantId);
        // What counts is where the caller's right is held.
        var held = principal.Scope.RootOf(tenant.Path);
        if (!licensing[held].LetsOpenSubscriptions(OrganizationPath.LevelOf(held)))
            return LicensingSettings.NotDelegated;
        if (!plans.TryGetValue(asked.PlanId, out var plan))
            return SubscriptionRefusals.PlanNotAvailable(asked.PlanId);
        if (!tenant.Active)
            return TenantRefusals.NotActive;
        if (!currencies.Fit(plan, tenant))
            return SubscriptionRefusals.CurrencyMismatch(plan, tenant);

        var start = asked.StartDate ?? today;
        var earliest = principal.May(ProvisioningPermissions.SubscriptionsBackdate, tenant.Path) ? today.AddMonths(-settings.BackdateMonths) : today;
        var from = PlanFrom.Of(plan, start, now, asked.AutoRenew);
        var quantities = asked.Quantities ?? Quantities.None;
        List<FieldError> errors =
        [
            .. Dates(asked, from.Terms, start, earliest, today),
            .. SeatRules.Check(rules[plan.Product], quantities, "/quantities"),
            .. holds.Missing(plan, asked.TenantId, start),
            .. QuotaRules.Check(asked.Quotas, meters, principal.May(ProvisioningPermissions.QuotasDecide, tenant.Path)),
        ];
        if (asked.Reference is { } named && (string.IsNullOrWhiteSpace(named) || named.Length > LongestReference))
            errors.Add(new("/reference", "length", $"reference must have 1 to {LongestReference} characters."));
        if (errors.Count > 0)
            return Refusal.AllFields(errors);

        return asked.Reference is { } reference && taken.Contains((asked.TenantId, reference))
            ? SubscriptionRefusals.ReferenceTaken
            : Subscription.Open(tenant, from, quantities, asked.EndDate, asked.Reference, now, asked.Quotas);
    }

    private static IEnumerable<FieldError> Dates(NewSubscription asked, Terms terms, DateOnly start, DateOnly earliest, DateOnly today)
    {
        var latest = today.AddYears(SubscriptionRefusals.YearsAhead);
        if (start < earliest)
            yield return SubscriptionRefusals.Early("startDate", earliest);
        if (start > latest)
            yield return new("/startDate", "too_late", $"startDate must be {latest:yyyy-MM-dd} or earlier.");
        if (asked.EndDate <= start)
            yield return new("/endDate", "not_after_start", "endDate is the first day after the term and must be after startDate.");
        if (asked.EndDate is not null && terms.Months is not null)
            yield return new("/endDate", "not_with_term", "endDate cannot be named for a plan with a term, which ends it.");
    }

    private async Task<HashSet<(OrganizationId, string)>> TakenAsync(
        IReadOnlyList<NewSubscription> asked, List<OrganizationId> tenants, CancellationToken ct)
    {
        var references = asked.Where(a => a?.Reference is not null).Select(a => a.Reference!).Distinct().ToList();
        if (references.Count == 0)
            return [];
        var rows = await db.Subscriptions.AsNoTracking()
            .Where(x => tenants.Contains(x.TenantId) && references.Contains(x.Reference!))
            .Select(x => new { x.TenantId, x.Reference })
            .ToListAsync(ct);
        return [.. rows.Select(r => (r.TenantId, r.Reference!))];
    }

    private void Add(Subscription subscription, DateOnly today, DateTimeOffset now)
    {
        db.Add(subscription);
        db.Add(HistoryEntry.Of(
            subscription, HistoryEvent.Opened, subscription.StartsOn, principal.Access.Name, now, subscription.QuantitiesOn(subscription.StartsOn)));
        foreach (var quota in subscription.QuotasAgreed())
        {
            db.Add(HistoryEntry.Of(
                subscription, HistoryEvent.QuotaAgreed, subscription.StartsOn, principal.Access.Name, now, reason: $"{quota.Meter}: {quota.Limit}"));
            db.Publish(quota);
        }

        if (subscription.StartsOn <= today)
            db.Publish(subscription.Activated());
        else
            db.Publish(new SubscriptionDue(subscription.Id), calendar.StartOf(subscription.StartsOn));
        db.ExpectTermEnd(subscription, subscription.StartsOn, calendar);
    }
}
