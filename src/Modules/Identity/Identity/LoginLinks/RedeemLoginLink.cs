using FluentValidation;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Identity.LoginLinks;

/// <summary>Exchanges a one-time login link for a session.</summary>
internal static class RedeemLoginLink
{
    [Anyone]
    public sealed record Command(string Token) : ICommand<SessionView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.Token).NotEmpty().MaximumLength(200);
    }

    internal sealed class Handler(IdentityDb db, DbSession session, SessionTokens tokens, TimeProvider clock) : ICommandHandler<Command, SessionView>
    {
        public async Task<Result<SessionView>> Handle(Command command, CancellationToken cancellationToken)
        {
            var digest = LoginLink.Digest(command.Token);
            if (await UserOfAsync(digest, cancellationToken) is not { } id)
                return LoginLinkRefusals.Bad;
            // The user before his link, as a transfer takes them, or the two would wait for each other.
            await session.LockUserAsync(id, alone: false, cancellationToken);
            if (await UseAsync(digest, cancellationToken) is not var (maker, token))
                return LoginLinkRefusals.Bad;
            return await db.Users.AsNoTracking().WhereMayEnter(db).SingleOrDefaultAsync(x => x.Id == id, cancellationToken) is { } user
                ? await tokens.OpenAsync(user, SignIn.ByLink(maker, token), cancellationToken)
                : LoginLinkRefusals.Bad;
        }

        private async Task<UserId?> UserOfAsync(byte[] digest, CancellationToken ct)
        {
            await using var command = new NpgsqlCommand(
                "select user_id from identity.login_links where token_hash = $1", await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = digest } } };
            return await command.ExecuteScalarAsync(ct) is Guid id ? new UserId(id) : null;
        }

        // One statement, so that of two requests with one token exactly one gets the session.
        private async Task<(Guid Maker, Guid? Token)?> UseAsync(byte[] digest, CancellationToken ct)
        {
            await using var command = new NpgsqlCommand(
                """
                update identity.login_links set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2
                returning created_by, made_with
                """,
                await session.OpenAsync(ct), session.Transaction)
            { Parameters = { new() { Value = digest }, new() { Value = clock.GetUtcNow() } } };
            await using var row = await command.ExecuteReaderAsync(ct);
            return await row.ReadAsync(ct) ? (row.GetGuid(0), await row.IsDBNullAsync(1, ct) ? null : row.GetGuid(1)) : null;
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/login-links/redeem", (Command body, ISender sender, CancellationToken ct) => sender.Ok(body, ct))
        .Slice<Command, SessionView>(nameof(RedeemLoginLink), "Logs in with a one-time login link")
        .WithMetadata(new CarriesSecret());
}
