using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Identity.Federation;

/// <summary>
/// The writing half of a federated log-in: uses the token up, finds whose it is, and opens the session as a log-in does. No endpoint
/// sends it.
/// </summary>
internal static class OpenFederatedSession
{
    /// <param name="Proven">Whom the issuer vouched for.</param>
    /// <param name="Code">A one-time code, where the user has a second factor.</param>
    /// <param name="Try">At whose code it was counted as a try, before and outside the transaction.</param>
    [Anyone]
    public sealed record Command(ProvenIdentity Proven, string? Code = null, CountedTry? Try = null) : ICommand<SessionView>
    {
        public override string ToString() => $"{Proven}";
    }

    internal sealed class Handler(
        IdentityDb db, DbSession session, LoginAttempts attempts, SecondFactor secondFactor, SessionTokens tokens, Letters letters,
        Principal principal, TimeProvider clock, ILogger<Handler> log)
        : ICommandHandler<Command, SessionView>
    {
        private const int ForgottenAtOnce = 20;

        public async Task<Result<SessionView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var proven = command.Proven;
            if (!await UseAsync(proven, cancellationToken))
                return Refuse(proven, "it was used before");
            var linkedTo = await db.FederatedIdentities.AsNoTracking().Where(x => x.Issuer == proven.Issuer && x.Subject == proven.Subject)
                .Select(x => (UserId?)x.UserId).SingleOrDefaultAsync(cancellationToken);
            var user = linkedTo is { } id ? await LinkedAsync(id, proven, cancellationToken) : await LinkAsync(proven, cancellationToken);
            if (user is null)
                return Refuse(proven, "it belongs to nobody who may enter");
            if (user.MfaEnabled && !proven.Strong && await WithoutCodeAsync(user, command, cancellationToken) is { } refusal)
                return refusal;
            return await tokens.OpenAsync(user, SignIn.ByProvider(proven.Provider.Name, proven.Strong || user.MfaEnabled), cancellationToken);
        }

        // The issuer did not ask for a second factor, or is not believed that it did. What was not counted is not looked at.
        private async Task<Refusal?> WithoutCodeAsync(User user, Command command, CancellationToken ct)
        {
            if (command.Code is not { } code)
                return SessionRefusals.MfaRequired;
            if (command.Try is not { Allowed: true } counted || counted.User != user.Id || !await secondFactor.ProveAsync(user, code, ct))
                return SessionRefusals.BadCode;
            await attempts.SucceededAsync(session, user, principal.Address, ct);
            return null;
        }

        // Of two requests with one token the second waits here for the first, on whichever host; refused, the first leaves it unused.
        private async Task<bool> UseAsync(ProvenIdentity proven, CancellationToken ct)
        {
            await using var use = new NpgsqlCommand(
                """
                with forgotten as (
                    delete from identity.federated_uses where ctid = any (array(
                        select ctid from identity.federated_uses where ends_at < $3 limit $4 for update skip locked)))
                insert into identity.federated_uses (digest, ends_at) values ($1, $2) on conflict do nothing
                """, await session.OpenAsync(ct), session.Transaction)
            {
                Parameters =
                {
                    new() { Value = proven.UseDigest }, new() { Value = proven.UseEndsAt },
                    new() { Value = clock.GetUtcNow() }, new() { Value = ForgottenAtOnce },
                },
            };
            return await use.ExecuteNonQueryAsync(ct) == 1;
        }

        // The link is looked at again under the lock: one taken away meanwhile opens nothing.
        private async Task<User?> LinkedAsync(UserId id, ProvenIdentity proven, CancellationToken ct)
        {
            await session.LockUserAsync(id, alone: false, ct);
            return await db.Users.AsNoTracking().WhereMayEnter(db)
                .Where(u => u.Id == id
                    && db.FederatedIdentities.Any(f => f.UserId == u.Id && f.Issuer == proven.Issuer && f.Subject == proven.Subject))
                .SingleOrDefaultAsync(ct);
        }

        private async Task<User?> LinkAsync(ProvenIdentity proven, CancellationToken ct)
        {
            if (proven.VerifiedEmail is not { } email)
                return null;
            var found = await db.Users.AsNoTracking().Where(x => x.Email == email).Select(x => (UserId?)x.Id).SingleOrDefaultAsync(ct);
            if (found is not { } id)
                return null;

            await session.LockUserAsync(id, alone: true, ct);
            var user = await db.Users.AsNoTracking().WhereMayEnter(db).SingleOrDefaultAsync(x => x.Id == id && x.Email == email, ct);
            if (user is null || (user.OwnerPath == PlatformRoot.Path && !proven.Provider.LinksPlatformUsers))
                return null;
            // An address is given to someone new one day; who it was before keeps his account.
            var links = await db.FederatedIdentities.AsNoTracking()
                .Where(x => x.UserId == id && x.Issuer == proven.Issuer).Select(x => x.Subject).ToListAsync(ct);
            if (links.Count > 0)
                return links.Contains(proven.Subject) ? user : null;
            db.Add(new FederatedIdentity(user, proven, clock.GetUtcNow()));
            letters.IdentityWasLinked(user, proven.Provider.Name);
            return user;
        }

        private Refusal Refuse(ProvenIdentity proven, string reason)
        {
            log.LogInformation("An ID token through {Provider} is refused: {Reason}.", proven.Provider.Name, reason);
            return FederationRefusals.NotAccepted;
        }
    }
}
