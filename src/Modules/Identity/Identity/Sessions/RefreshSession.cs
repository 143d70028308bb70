using FluentValidation;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>Exchanges a refresh token for the next pair; a token used twice has been stolen from someone, so its whole session ends.</summary>
internal static class RefreshSession
{
    [Anyone]
    public sealed record Command(string RefreshToken) : ICommand<SessionView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.RefreshToken).NotEmpty().MaximumLength(200);
    }

    internal sealed class Handler(IdentityDb db, DbSession session, NpgsqlDataSource database, SessionTokens tokens, TimeProvider clock)
        : ICommandHandler<Command, SessionView>
    {
        public async Task<Result<SessionView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var digest = SessionTokens.Digest(command.RefreshToken);
            if (await UseAsync(digest, cancellationToken) is not { } used)
            {
                await RevokeIfReusedAsync(digest, cancellationToken);
                return SessionRefusals.BadRefreshToken;
            }

            var user = await db.Users.AsNoTracking().WhereMayEnter(db).SingleOrDefaultAsync(x => x.Id == used.User, cancellationToken);
            return user is null ? SessionRefusals.BadRefreshToken : await tokens.GoOnAsync(user, used.Session, cancellationToken);
        }

        // One statement, so that of two requests with one token exactly one gets the next pair.
        private async Task<(Guid Session, UserId User)?> UseAsync(byte[] digest, CancellationToken ct)
        {
            await using var command = new NpgsqlCommand(
                """
                update identity.refresh_tokens t set used_at = $2 from identity.sessions s
                where t.token_hash = $1 and t.used_at is null and t.expires_at > $2 and s.id = t.session_id and s.revoked_at is null
                returning s.id, s.user_id
                """, await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = digest }, new() { Value = clock.GetUtcNow() } } };
            await using var reader = await command.ExecuteReaderAsync(ct);
            return await reader.ReadAsync(ct) ? (reader.GetGuid(0), new UserId(reader.GetGuid(1))) : null;
        }

        // On a connection of its own: this request is refused, and its transaction with it.
        private async Task RevokeIfReusedAsync(byte[] digest, CancellationToken ct)
        {
            await using var command = database.CreateCommand(
                """
                update identity.sessions set revoked_at = $2 where revoked_at is null
                and id = (select session_id from identity.refresh_tokens where token_hash = $1 and used_at is not null)
                """);
            command.Parameters.Add(new() { Value = digest });
            command.Parameters.Add(new() { Value = clock.GetUtcNow() });
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/refresh", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, SessionView>(nameof(RefreshSession), "Exchanges a refresh token for new tokens")
        .WithMetadata(new CarriesSecret());
}
