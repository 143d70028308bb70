using System.Text.Json.Nodes;
using Licensing.Identity.Credentials;
using Licensing.Identity.LoginLinks;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.OAuth;

/// <summary>Ends one access token, and the login links that its owner made, here at once and in other processes within seconds. No endpoint sends it.</summary>
internal static class RevokeAccessToken
{
    /// <param name="TokenId">Its jti.</param>
    /// <param name="Subject">Whose it is.</param>
    /// <param name="Until">When it would end.</param>
    [Anyone]
    public sealed record Command(Guid TokenId, Guid Subject, DateTimeOffset Until) : ICommand<Done>;

    internal sealed class Handler(DbSession session, MadeLinks links, CredentialCache cache, AuditTrail audit, TimeProvider clock) : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            await session.LockAloneAsync(command.Subject, cancellationToken);
            await using var insert = new NpgsqlCommand(
                "insert into identity.revoked_access_tokens (id, ends_at) values ($1, $2) on conflict do nothing",
                await session.OpenAsync(cancellationToken), session.Transaction)
            { Parameters = { new() { Value = command.TokenId }, new() { Value = command.Until } } };
            if (await insert.ExecuteNonQueryAsync(cancellationToken) == 1)
                audit.Note("access_token", command.TokenId.ToString(), null, new JsonObject());
            // Which of his links were made with it is not known.
            await links.EndAsync(command.Subject, clock.GetUtcNow(), cancellationToken);
            cache.ForgetAfterCommit(session);
            return default(Done);
        }
    }
}
