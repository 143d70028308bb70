using FluentValidation;
using Licensing.Catalog.Contracts;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Http;
using Licensing.Provisioning.Seats;
using Licensing.Provisioning.Subscriptions;

namespace Licensing.Provisioning.EntitlementChecks;

/// <summary>
/// States what a tenant may use today in a document that is verified without asking again (JWS, ES256): for products that run where this
/// system cannot be reached.
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
        HeldSubscriptions subscriptions, ICatalog catalog, IDocumentSigner signer, BillingCalendar calendar, TimeProvider clock)
        : IQueryHandler<Query, EntitlementDocumentView>
    {
        public async Task<Result<EntitlementDocumentView>> Handle(Query query, CancellationToken cancellationToken)
        {
            var today = calendar.DayOf(clock.GetUtcNow());
            if ((await subscriptions.OfAsync(query.TenantId, cancellationToken)).Refused(out var refusal, out var held))
                return refusal;

            var entitlements = new SortedDictionary<string, decimal>(StringComparer.Ordinal);
            foreach (var one in held)
            {
                var quantities = one.History.On(today);
                var derived = Entitlements.Of((await catalog.RulesAsync(one.Product, cancellationToken))!, quantities);
                foreach (var (key, quantity) in quantities.Select(q => (q.Key, (decimal)q.Value)).Concat(derived.Select(e => (e.Key, e.Quantity))))
                    entitlements[key] = entitlements.GetValueOrDefault(key) + quantity;
            }

            var document = await signer.SignAsync(
                Type, query.TenantId.Value.ToString(), new Dictionary<string, object> { ["entitlements"] = entitlements }, TimeSpan.FromDays(query.Days), cancellationToken);
            return new EntitlementDocumentView(document.Text, document.ExpiresAt);
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
/// <param name="ExpiresAt">Good until here.</param>
internal sealed record EntitlementDocumentView(string Document, DateTimeOffset ExpiresAt);
