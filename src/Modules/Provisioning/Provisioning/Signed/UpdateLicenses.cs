using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Seats;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Signed;

/// <summary>Creates or updates one customer's seats, features and trunk by a signed request; what is absent stays.</summary>
internal static class UpdateLicenses
{
    [Needs(ProvisioningPermissions.SignedUpdate)]
    public sealed record Command(SignedRequest Request) : ICommand<SignedAnswer>, ITogether
    {
        // The first generation does not name whose customer it means.
        public bool GoesAlone => Request.Profile is CertificateProfile.V1;
    }

    internal sealed class Handler(
        ProvisioningDb db, ICustomers customers, ICatalog catalog, Opening opening, SeatChanging changing, SecretBox secrets,
        BillingCalendar calendar,
        TimeProvider clock) : ICommandHandler<Command, SignedAnswer>
    {
        public async Task<Result<SignedAnswer>> Handle(Command command, CancellationToken cancellationToken)
        {
            var rules = await catalog.RulesAsync(SeatSubscriptions.Product, cancellationToken)
                ?? throw new InvalidOperationException("The product is missing.");
            if (SignedBody.Read(command.Request, rules).Refused(out var refusal, out var body)
                || (await TenantAsync(body.Customer, cancellationToken)).Refused(out refusal, out var tenant))
                return refusal;
            if (!tenant.Active)
                return TenantRefusals.NotActive;
            var now = clock.GetUtcNow();
            var (subscription, deletion) = await HeldAsync(tenant.Id, calendar.DayOf(now), cancellationToken);
            if (deletion is not null)
                return SignedRefusals.ScheduledForDeletion(deletion);

            var outcome = subscription is null
                ? await OpenAsync(tenant, body.Quantities, cancellationToken)
                : await changing.ChangeAsync(subscription, body.Quantities, rules, now, cancellationToken);
            if (outcome.Refused(out refusal, out var changes))
                return refusal;
            if (body.Sip is { } sip)
                changes = [.. changes, .. await SipAsync(tenant, sip, cancellationToken)];
            return SignedAnswer.Of(body.Customer, changes);
        }

        private async Task<Result<OrganizationRef>> TenantAsync(SignedCustomer customer, CancellationToken ct)
        {
            if (await customers.HoldAsync(customer.Reseller, customer.Tenant, ct) is { } known)
                return (await RenameAsync(customer, known, ct)).Refused(out var refused, out _) ? refused : known;
            if (customer.Reseller is not { } reseller || await customers.HoldPartnerAsync(reseller, ct) is not { } partner)
                return SignedRefusals.CustomerNotFound;
            // Another first request for the same tenant may have opened it while this one waited for the partner.
            if (await customers.HoldAsync(reseller, customer.Tenant, ct) is { } opened)
                return (await RenameAsync(customer, opened, ct)).Refused(out var refused, out _) ? refused : opened;

            // Names are what the first request for a tenant brings.
            List<FieldError> missing = [];
            foreach (var (field, name) in (IEnumerable<(string, string?)>)[("resellerName", customer.ResellerName),
                ("tenantName", customer.TenantName)])
                if (name is null)
                    missing.Add(new($"/ccId/{field}", "required", $"ccId.{field} is required on the first request for a tenant."));
            if (missing.Count > 0)
                return Refusal.AllFields(missing);
            if ((await customers.OpenAsync(partner.Id, customer.Tenant, customer.TenantName!, ct)).Refused(out var refusal, out opened))
                return InThisDoor(refusal);
            return (await customers.RenameAsync(partner.Id, customer.ResellerName!, ct)).Refused(out refusal, out _) ? InThisDoor(refusal) : opened;
        }

        private async Task<Result<Done>> RenameAsync(SignedCustomer customer, OrganizationRef tenant, CancellationToken ct)
        {
            if (customer.TenantName is { } name && name != tenant.DisplayName
                && (await customers.RenameAsync(tenant.Id, name, ct)).Refused(out var refusal, out _))
                return InThisDoor(refusal);
            return customer.ResellerName is { } reseller
                && (await customers.RenameAsync(tenant.ParentId!.Value, reseller, ct)).Refused(out refusal, out _)
                ? InThisDoor(refusal)
                : new Done();
        }

        // What is held and what would end it, in one turn; only who holds nothing costs another. The tenant was found within the scope: what is his
        // is where he stands, also before it has moved along with him.
        private async Task<(Subscription? Subscription, string? Deletion)> HeldAsync(OrganizationId tenant, DateOnly today, CancellationToken ct)
        {
            var pending = db.PendingDeletionOf(tenant, today).Select(x => x.Name);
            var held = await db.HeldSeatsOf(tenant, Scope.Everything, today)
                .Select(x => new { Subscription = x, Deletion = pending.FirstOrDefault() }).SingleOrDefaultAsync(ct);
            return held is null ? (null, await pending.SingleOrDefaultAsync(ct)) : (held.Subscription, held.Deletion);
        }

        private async Task<Result<IReadOnlyList<FieldChange>>> OpenAsync(
            OrganizationRef tenant, IReadOnlyDictionary<string, int> quantities, CancellationToken ct)
        {
            var onSale = await catalog.OnSaleAsync(SeatSubscriptions.Product, ct);
            // One with prices in the tenant's currency goes before one that charges nothing.
            if ((onSale.FirstOrDefault(p => p.IsPriced && p.Currency == tenant.Currency) ?? onSale.FirstOrDefault(p => !p.IsPriced)) is not { } plan)
                return SignedRefusals.NoPlan(tenant.Currency);
            if ((await opening.OpenAsync([new NewSubscription(tenant.Id, plan.PlanId, quantities)], ct))[0].Refused(out var refusal, out var opened))
                return InThisDoor(refusal);
            return SeatChanging.Changes((await catalog.RulesAsync(plan.Product, ct))!, Quantities.None, opened.QuantitiesOn(opened.StartsOn));
        }

        private async Task<IReadOnlyList<FieldChange>> SipAsync(OrganizationRef tenant, SipCredentialsBody sent, CancellationToken ct)
        {
            var known = await db.Set<SipCredentials>().SingleOrDefaultAsync(x => x.TenantId == tenant.Id, ct);
            var credentials = known ?? SipCredentials.Of(tenant);
            if (known is null)
                db.Add(credentials);
            return credentials.Set(sent, secrets);
        }

        // What another slice forbids is a rule here, not a missing customer.
        private static Refusal InThisDoor(Refusal refusal) =>
            refusal.Kind is RefusalKind.Forbidden ? refusal with { Kind = RefusalKind.Invalid } : refusal;
    }

    public static void Map(IEndpointRouteBuilder routes) => routes.MapSigned<Command, SignedAnswer, SignedUpdateBody>(
        HttpMethods.Post, nameof(UpdateLicenses), "Creates or updates one customer's seats and features by a signed request",
        request => new Command(request));
}
