using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Kernel.Ops;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Credentials;

/// <summary>Lists what opens the doors beside passwords, for the terminal: API keys, OAuth clients and certificates, newest first.</summary>
internal static class ListCredentials
{
    private const int MostListed = 1_000;

    [Needs(IdentityPermissions.ApiKeysRead)]
    public sealed record Query(OrganizationId? OrganizationId, int Limit) : IQuery<CredentialsView>;

    public sealed record CredentialsView(IReadOnlyList<CredentialView> Items);

    public sealed record CredentialView(
        Guid Id, string Kind, string Name, string Public, string Organization, string Rights, string State, DateTimeOffset? ExpiresAt,
        DateTimeOffset? LastUsedAt);

    internal sealed class Handler(IdentityDb db, Principal principal, TimeProvider clock) : IQueryHandler<Query, CredentialsView>
    {
        public async Task<Result<CredentialsView>> Handle(Query query, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            var (all, wanted) = (query.OrganizationId is null, query.OrganizationId ?? default);
            var keys = await db.ApiKeys.AsNoTracking().Within(principal.Scope).Where(x => all || x.OrganizationId == wanted)
                .OrderByDescending(x => x.Id).Take(query.Limit)
                .Join(db.Organizations, x => x.OrganizationId, o => o.Id, (Key, At) => new { Key, At.Code, At.DisplayName })
                .ToListAsync(cancellationToken);
            var clients = await db.Clients.AsNoTracking().Within(principal.Scope).Where(x => all || x.OrganizationId == wanted)
                .OrderByDescending(x => x.Id).Take(query.Limit)
                .Join(db.Organizations, x => x.OrganizationId, o => o.Id, (Client, At) => new { Client, At.Code, At.DisplayName })
                .ToListAsync(cancellationToken);
            var certificates = await db.Certificates.AsNoTracking().Within(principal.Scope).Where(x => all || x.OrganizationId == wanted)
                .OrderByDescending(x => x.Id).Take(query.Limit)
                .Join(db.Organizations, x => x.OrganizationId, o => o.Id, (Certificate, At) => new { Certificate, At.Code, At.DisplayName })
                .ToListAsync(cancellationToken);
            return new CredentialsView(
            [
                .. keys.Select(k => new CredentialView(
                        k.Key.Id.Value, "api-key", k.Key.Name, $"lk_{k.Key.Prefix}", $"{k.Code} {k.DisplayName}",
                        RightsOf(k.Key.Role, k.Key.Scopes), StateOf(k.Key.RevokedAt, k.Key.ExpiresAt, now), k.Key.ExpiresAt, k.Key.LastUsedAt))
                    .Concat(clients.Select(c => new CredentialView(
                        c.Client.Id.Value, "client", c.Client.Name, $"{c.Client.Id.Value}", $"{c.Code} {c.DisplayName}",
                        RightsOf(c.Client.Role, c.Client.Scopes ?? []), StateOf(c.Client.RevokedAt, c.Client.ExpiresAt, now),
                        c.Client.ExpiresAt, c.Client.LastUsedAt)))
                    .Concat(certificates.Select(c => new CredentialView(
                        c.Certificate.Id.Value, "certificate", c.Certificate.Subject, c.Certificate.Fingerprint, $"{c.Code} {c.DisplayName}",
                        $"licence updates {c.Certificate.Profile.ToString().ToLowerInvariant()}",
                        StateOf(c.Certificate.RevokedAt, c.Certificate.NotAfter, now), c.Certificate.NotAfter, null)))
                    .OrderByDescending(x => x.Id).Take(query.Limit),
            ]);
        }

        private static string RightsOf(string role, string[] scopes) => scopes.Length == 0 ? role : $"{role}: {string.Join(' ', scopes)}";

        private static string StateOf(DateTimeOffset? revokedAt, DateTimeOffset? expiresAt, DateTimeOffset now) =>
            revokedAt is not null ? "revoked" : expiresAt <= now ? "expired" : "valid";
    }

    public static OpsCommand Ops { get; } = new(
        "credentials list", "API keys, OAuth clients and certificates, the newest first.",
        [new("--organization", "Only those of the organization with this id."), OpsArgument.Limit(MostListed)],
        async (call, ct) =>
        {
            if (call.Id("--organization", "an organization's id").Refused(out var refusal, out var organization)
                || call.Limit(MostListed).Refused(out refusal, out var limit))
                return refusal;
            var query = new Query(organization.As<OrganizationId>(), limit);
            return (await call.Services.GetRequiredService<ISender>().Send(query, ct)).Refused(out refusal, out var view)
                ? refusal
                : new OpsAnswer(view.Items);
        });
}
