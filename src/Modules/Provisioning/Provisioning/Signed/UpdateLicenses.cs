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
        ProvisioningDb db, SignedTenants tenants, ICatalog catalog, Opening opening, SeatChanging changing, SecretBox secrets,
        BillingCalendar calendar, TimeProvider clock) : ICommandHandler<Command, SignedAnswer>
    {
        public async Task<Result<SignedAnswer>> Handle(Command command, CancellationToken cancellationToken)
        {
            var rules = await catalog.SeatRulesAsync(cancellationToken);
            if (SignedBody.Read(command.Request, rules).Refused(out var refusal, out var body)
                || (await tenants.HoldAsync(body.Customer, cancellationToken)).Refused(out refusal, out var tenant))
                return refusal;
            if (!tenant.Active)
                return TenantRefusals.NotActive;
            var now = clock.GetUtcNow();
            var (subscription, deletion) = await HeldAsync(tenant.Id, calendar.DayOf(now), cancellationToken);
            if (deletion is not null)
                return SignedRefusals.ScheduledForDeletion(deletion);

            // Who asks for nothing gets nothing: a subscription is billed also where nobody has a seat.
            if (subscription is null && body is { Sip: null } && body.Quantities.Values.All(quantity => quantity == 0))
                return SignedAnswer.Of(body.Customer, []);

            var outcome = subscription is null
                ? await OpenAsync(tenant, body.Quantities, cancellationToken)
                : await changing.ChangeAsync(subscription, body.Quantities, rules, now, cancellationToken);
            if (outcome.Refused(out refusal, out var changes))
                return refusal;
            if (body.Sip is { } sip)
                changes = [.. changes, .. await SipAsync(tenant, sip, cancellationToken)];
            return SignedAnswer.Of(body.Customer, changes);
        }

        // What is held and what would end it, in one turn; only who holds nothing costs another. The tenant was found within the scope: what is his
        // is where he stands, also before it has moved along with him.
        private async Task<(Subscription? Subscription, string? Deletion)> HeldAsync(OrganizationId tenant, DateOnly today, CancellationToken ct)
        {
            var pending = db.PendingDeletionsOf(tenant, today).Select(x => x.Name);
            var held = await db.HeldSeatsOf(tenant, today)
                .Select(x => new { Subscription = x, Deletion = pending.FirstOrDefault() }).SingleOrDefaultAsync(ct);
            return held is null ? (null, await pending.FirstOrDefaultAsync(ct)) : (held.Subscription, held.Deletion);
        }

        private async Task<Result<IReadOnlyList<FieldChange>>> OpenAsync(
            OrganizationRef tenant, IReadOnlyDictionary<string, int> quantities, CancellationToken ct)
        {
            var onSale = await catalog.OnSaleAsync(SeatSubscriptions.Product, ct);
            // One with prices in the tenant's currency goes before one that charges nothing.
            if ((onSale.FirstOrDefault(p => p.IsPriced && p.Currency == tenant.Currency) ?? onSale.FirstOrDefault(p => !p.IsPriced)) is not { } plan)
                return SignedRefusals.NoPlan(tenant.Currency);
            if ((await opening.OpenAsync([new NewSubscription(tenant.Id, plan.PlanId, quantities)], ct))[0].Refused(out var refusal, out var opened))
                return SignedRefusals.InThisDoor(refusal);
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
    }

    public static void Map(IEndpointRouteBuilder routes) => routes.MapSigned<Command, SignedAnswer, SignedUpdateBody>(
        HttpMethods.Post, nameof(UpdateLicenses), "Creates or updates one customer's seats and features by a signed request",
        request => new Command(request));
}
