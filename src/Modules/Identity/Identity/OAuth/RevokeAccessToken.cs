using System.Text.Json.Nodes;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.LoginLinks;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Identity.OAuth;

/// <summary>
/// Ends one access token, here at once and in other processes within seconds. With it end login links: of a client those that it made with this
/// one, of a user all of his, as with any of his log-ins. Done once: who shows it again ends nothing that was made since. No endpoint sends it.
/// </summary>
internal static class RevokeAccessToken
{
    /// <param name="TokenId">Its jti.</param>
    /// <param name="Subject">Whose it is.</param>
    /// <param name="LogIn">The session it came from; null where its subject is a client.</param>
    /// <param name="Since">When it was made.</param>
    /// <param name="Until">When it would end.</param>
    [Anyone]
    public sealed record Command(Guid TokenId, Guid Subject, Guid? LogIn, DateTimeOffset Since, DateTimeOffset Until) : ICommand<Done>;

    internal sealed class Handler(
        IdentityDb db, DbSession session, MadeLinks links, CredentialCache cache, AuditTrail audit, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            await session.LockAloneAsync(command.Subject, cancellationToken);
            await using var insert = new NpgsqlCommand(
                "insert into identity.revoked_access_tokens (id, ends_at) values ($1, $2) on conflict do nothing",
                await session.OpenAsync(cancellationToken), session.Transaction)
            { Parameters = { new() { Value = command.TokenId }, new() { Value = command.Until } } };
            if (await insert.ExecuteNonQueryAsync(cancellationToken) == 1)
            {
                audit.Note("access_token", command.TokenId.ToString(), null, new JsonObject());
                await EndLinksAsync(command, cancellationToken);
            }

            cache.ForgetAfterCommit(session);
            return default(Done);
        }

        private async Task EndLinksAsync(Command command, CancellationToken ct)
        {
            var now = clock.GetUtcNow();
            if (command.LogIn is not { } id)
                await links.EndMadeWithAsync(command.TokenId, command.Subject, command.Since, now, ct);
            // A log-in that is over took them along when it ended.
            else if (await db.Sessions.AsNoTracking().SingleOrDefaultAsync(x => x.Id == id && x.RevokedAt == null, ct) is { } open)
                await links.EndWithAsync(open, now, ct);
        }
    }
}
