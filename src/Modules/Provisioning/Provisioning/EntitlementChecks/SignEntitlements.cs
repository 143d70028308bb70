using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Data;
using Licensing.Provisioning.Seats;
using Licensing.Provisioning.Signed;
using Licensing.Provisioning.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.EntitlementChecks;

/// <summary>
/// States what a tenant may use today in a document that is verified without asking again (JWS, ES256): for products that run where this
/// system cannot be reached. It holds no longer than what it states is agreed for.
/// </summary>
internal static class SignEntitlements
{
    public const string Type = "entitlements+jwt";
    private const int UsualDays = 7;

    public sealed record Body(int? Days = null);

    [Needs(ProvisioningPermissions.SeatsRead)]
    public sealed record Query(OrganizationId TenantId, int Days) : IQuery<EntitlementDocumentView>;

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator() => RuleFor(x => x.Days).InclusiveBetween(1, IDocumentSigner.Longest.Days).WithErrorCode("out_of_range")
            .WithMessage($"days must be 1 to {IDocumentSigner.Longest.Days}.");
    }

    internal sealed class Handler(
        HeldSubscriptions subscriptions, ProvisioningDb db, ICatalog catalog, IDocumentSigner signer, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, EntitlementDocumentView>
    {
        public async Task<Result<EntitlementDocumentView>> Handle(Query query, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            var today = calendar.DayOf(now);
            if ((await subscriptions.OfAsync(query.TenantId, cancellationToken)).Refused(out var refusal, out var held))
                return refusal;

            var ids = held.Select(x => x.Id).ToList();
            var agreed = await db.Subscriptions.AsNoTracking().Where(x => ids.Contains(x.Id)).ToListAsync(cancellationToken);
            var deletions = await db.Set<Deletion>().AsNoTracking().Where(x => ids.Contains(x.SubscriptionId) && x.EndedAt == null)
                .ToDictionaryAsync(x => x.SubscriptionId, x => x.DueAt, cancellationToken);
            // What a deletion ends that is late is not stated any more.
            agreed.RemoveAll(x => deletions.TryGetValue(x.Id, out var due) && due <= now);

            var entitlements = await OnAsync(agreed, today, cancellationToken);
            var until = await TakenAwayAsync(agreed, entitlements, today, now + TimeSpan.FromDays(query.Days), cancellationToken);
            foreach (var due in agreed.Where(x => deletions.ContainsKey(x.Id)).Select(x => deletions[x.Id]))
                until = due < until ? due : until;
            // Whole seconds, as a token's instants are.
            var lasts = TimeSpan.FromSeconds(Math.Max(1, Math.Floor((until - now).TotalSeconds)));
            var document = await signer.SignAsync(
                Type, query.TenantId.Value.ToString(), new Dictionary<string, object> { ["entitlements"] = entitlements }, lasts, cancellationToken);
            return new EntitlementDocumentView(document.Text, document.ExpiresAt);
        }

        // The first moment before `until` from which there would be less of anything, as far as is agreed today. What begins meanwhile may make up
        // for it; then the next document says so.
        private async Task<DateTimeOffset> TakenAwayAsync(
            List<Subscription> agreed, SortedDictionary<string, decimal> entitlements, DateOnly today, DateTimeOffset until, CancellationToken ct)
        {
            var days = agreed.SelectMany(x => x.History.Select(c => c.On).Concat(x.Plans.Select(p => p.On)).Append(x.EndsOn ?? today));
            foreach (var day in days.Where(d => d > today).Distinct().Order())
            {
                if (calendar.StartOf(day) >= until)
                    break;
                var left = await OnAsync(agreed, day, ct);
                if (entitlements.Any(e => left.GetValueOrDefault(e.Key) < e.Value))
                    return calendar.StartOf(day);
            }

            return until;
        }

        private async Task<SortedDictionary<string, decimal>> OnAsync(List<Subscription> agreed, DateOnly day, CancellationToken ct)
        {
            var entitlements = new SortedDictionary<string, decimal>(StringComparer.Ordinal);
            foreach (var one in agreed.Where(x => x.StatusOn(day) is SubscriptionStatus.Active))
            {
                var quantities = one.QuantitiesOn(day);
                var derived = Entitlements.Of((await catalog.RulesAsync(one.Plans.On(day).Product, ct))!, quantities);
                foreach (var (key, quantity) in quantities.Select(q => (q.Key, (decimal)q.Value)).Concat(derived.Select(e => (e.Key, e.Quantity))))
                    entitlements[key] = entitlements.GetValueOrDefault(key) + quantity;
            }

            return entitlements;
        }
    }

    // A POST, since each answer is another document; it changes nothing and is not kept for retries.
    public static void Map(RouteGroupBuilder entitlements) => entitlements
        .MapPost("/{tenantId:guid}/documents", (Guid tenantId, Body? body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Query(new OrganizationId(tenantId), body?.Days ?? UsualDays), ct))
        .Slice<Query, EntitlementDocumentView>(nameof(SignEntitlements), "States what a tenant may use in a document that is verified offline")
        .WithMetadata(new RetriesItself());
}

/// <param name="Document">A compact JWS: <c>sub</c> is the tenant, <c>entitlements</c> says how much of what, <c>exp</c> until when.</param>
/// <param name="ExpiresAt">Good until here: as long as was asked for, or until something that it states is known to end or to become less.</param>
internal sealed record EntitlementDocumentView(string Document, DateTimeOffset ExpiresAt);
