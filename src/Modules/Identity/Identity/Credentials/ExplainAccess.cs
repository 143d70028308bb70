using Licensing.Identity.Clients;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Rights;
using Licensing.Identity.Users;
using Licensing.Kernel.Ops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Credentials;

/// <summary>
/// Tells at the terminal what a user, an API key or an OAuth client may do where, and why or why not. What he may is read as at his next
/// request; the reasons are found beside it.
/// </summary>
internal static class ExplainAccess
{
    [Needs(IdentityPermissions.UsersRead)]
    public sealed record Query(Asked Who, string? Permission, OrganizationId? OrganizationId) : IQuery<ExplanationView>;

    /// <summary>Whose access; one of them.</summary>
    public sealed record Asked(string? Email, string? KeyPrefix, ClientId? Client);

    public sealed record ExplanationView(IReadOnlyList<ReasonView> Items);

    public sealed record ReasonView(string Permission, string May, string Why, string Role, string From, string HeldAt);

    internal sealed class Handler(IdentityDb db, ExplainedCallers callers, RolePermissions roles, PermissionCatalog catalog, Principal principal)
        : IQueryHandler<Query, ExplanationView>
    {
        public async Task<Result<ExplanationView>> Handle(Query query, CancellationToken cancellationToken)
        {
            if (query.Permission is not null && !catalog.All.ContainsKey(query.Permission))
                return OpsCall.Wrong($"There is no permission {query.Permission}.");
            var target = query.OrganizationId is { } id
                ? await db.Organizations.AsNoTracking().Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, cancellationToken)
                : null;
            if (query.OrganizationId is { } unknown && target is null)
                return UserRefusals.UnknownOrganization(unknown.Value);
            if ((await callers.FindAsync(query.Who, cancellationToken)).Refused(out var refusal, out var caller))
                return refusal;
            var names = await NamesAsync(caller.Roles, cancellationToken);

            var reasons = caller.Roles.SelectMany(held => roles.Of(held.Role, held.Custom, onlyReading: false, scopes: [])
                    .Where(p => query.Permission is null || p == query.Permission).Order(StringComparer.Ordinal)
                    .Select(p => Reason(p, held, caller, target?.OwnerPath, names)))
                .OrderBy(r => r.Permission, StringComparer.Ordinal).ToList();
            if (reasons.Count == 0 && query.Permission is { } permission)
                reasons.Add(new ReasonView(permission, "no", "No role of his includes it.", "", "", ""));
            return new ExplanationView(reasons);
        }

        private static ReasonView Reason(
            string permission, HeldRole held, ExplainedCaller caller, string? target, Dictionary<Guid, string> names)
        {
            var whyNot = caller.WhyNot(permission, held, target);
            return new ReasonView(
                permission, whyNot is null ? "yes" : "no", whyNot ?? "", held.Role, caller.FromOf(held), names[held.OrganizationId]);
        }

        private async Task<Dictionary<Guid, string>> NamesAsync(IReadOnlyList<HeldRole> held, CancellationToken ct)
        {
            var ids = held.Select(h => new OrganizationId(h.OrganizationId)).Distinct().ToList();
            return await db.Organizations.AsNoTracking().Where(x => ids.Contains(x.Id))
                .ToDictionaryAsync(x => x.Id.Value, x => $"{x.Kind.ToString().ToLowerInvariant()} {x.Code} {x.DisplayName}", ct);
        }
    }

    public static OpsCommand Ops { get; } = new(
        "access explain", "What a user, an API key or an OAuth client may do where, and why.",
        [
            new("--user", "His e-mail address."),
            new("--key", "The API key's prefix, with or without lk_."),
            new("--client", "The OAuth client's id."),
            new("--permission", "Only this one, also when he does not hold it."),
            new("--organization", "As seen at the organization with this id."),
        ],
        async (call, ct) =>
        {
            if (new[] { call["--user"], call["--key"], call["--client"] }.Count(x => x is not null) != 1)
                return OpsCall.Wrong("Say --user EMAIL, --key PREFIX or --client ID.");
            if (call.Id("--client", "a client's id").Refused(out var refusal, out var client)
                || call.Id("--organization", "an organization's id").Refused(out refusal, out var organization))
                return refusal;
            var asked = new Asked(call["--user"], call["--key"], client.As<ClientId>());
            var query = new Query(asked, call["--permission"], organization.As<OrganizationId>());
            return (await call.Services.GetRequiredService<ISender>().Send(query, ct)).Refused(out refusal, out var view)
                ? refusal
                : new OpsAnswer(view.Items);
        });
}
