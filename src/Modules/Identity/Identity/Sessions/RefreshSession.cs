using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.LoginLinks;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using MediatR;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using ISender = Licensing.Kernel.ISender;

namespace Licensing.Identity.Sessions;

/// <summary>
/// Exchanges a refresh token for the next pair; a token used twice has been stolen from someone, so its whole session ends. Only a
/// retry with the Idempotency-Key of the first use, which a thief does not know, gets the first answer again for a short while.
/// </summary>
internal static class RefreshSession
{
    public static readonly TimeSpan RetryWithin = TimeSpan.FromMinutes(1);

    public sealed record Body(string RefreshToken);

    [Anyone]
    public sealed record Attempt(string RefreshToken, string? RetryKey, IReadOnlyList<string>? Scope = null) : IRequest<Result<SessionView>>
    {
        public override string ToString() => nameof(RefreshSession);
    }

    public sealed class Validator : AbstractValidator<Attempt>
    {
        public Validator()
        {
            RuleFor(x => x.RefreshToken).NotEmpty().MaximumLength(200);
            RuleFor(x => x.RetryKey).MaximumLength(255).OverridePropertyName("Idempotency-Key");
        }
    }

    /// <summary>What is refused is committed too: the end of a session whose token was used twice, or whose way in is closed.</summary>
    internal sealed class Door(ISender sender) : IRequestHandler<Attempt, Result<SessionView>>
    {
        public async Task<Result<SessionView>> Handle(Attempt attempt, CancellationToken cancellationToken) =>
            (await sender.Send(new Command(attempt.RefreshToken, attempt.RetryKey, attempt.Scope), cancellationToken)).Refused(out var refusal, out var turn) ? refusal
                : turn.Next is { } next ? next : turn.Ended!;
    }

    [Anyone]
    public sealed record Command(string RefreshToken, string? RetryKey, IReadOnlyList<string>? Scope) : ICommand<Turn>
    {
        public override string ToString() => nameof(RefreshSession);
    }

    /// <param name="Next">The next pair.</param>
    /// <param name="Ended">Or why the session is over now.</param>
    public sealed record Turn(SessionView? Next, Refusal? Ended = null);

    internal sealed class Handler(
        IdentityDb db, DbSession session, RefreshTokens held, SessionTokens tokens, SignInRules rules, MadeLinks links, SecretBox secrets, CredentialCache cache, TimeProvider clock)
        : ICommandHandler<Command, Turn>
    {
        public async Task<Result<Turn>> Handle(Command command, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            var key = command.RetryKey is { Length: > 0 } given ? SHA256.HashData(Encoding.UTF8.GetBytes(given)) : null;
            if (await held.LockAsync(SessionTokens.Digest(command.RefreshToken), cancellationToken) is not { } token)
                return SessionRefusals.BadRefreshToken;
            if (token.IsUsed)
                return IsRetry(token, key, now) ? new Turn(Answered(token)) : await EndStolenAsync(token, now, cancellationToken);
            if (token.ExpiresAt <= now)
                return SessionRefusals.BadRefreshToken;
            if (await db.Users.AsNoTracking().WhereMayEnter(db).SingleOrDefaultAsync(x => x.Id == token.User, cancellationToken) is not { } user)
                return await EndAsync(token, SessionRefusals.BadRefreshToken, now, cancellationToken);
            // A way in that has been closed since is no way on.
            if (await rules.RefuseAsync(user, token.How, cancellationToken) is { } closed)
                return await EndAsync(token, closed, now, cancellationToken);

            var next = await tokens.GoOnAsync(user, token.Session, token.SessionCreatedAt, token.How, command.Scope, cancellationToken);
            await held.UseAsync(token.Id, now, key, key is null ? null : secrets.Seal(JsonSerializer.SerializeToUtf8Bytes(next, ApiJson.Options)), cancellationToken);
            return new Turn(next);
        }

        private static bool IsRetry(HeldRefreshToken token, byte[]? key, DateTimeOffset now) => key is not null && token is { UsedWith: { } first, SealedAnswer: not null }
            && now < token.UsedAt + RetryWithin && CryptographicOperations.FixedTimeEquals(key, first);

        private SessionView Answered(HeldRefreshToken token) => JsonSerializer.Deserialize<SessionView>(secrets.Open(token.SealedAnswer), ApiJson.Options)!;

        private async Task<Turn> EndStolenAsync(HeldRefreshToken token, DateTimeOffset now, CancellationToken ct)
        {
            await links.EndAsync(token.User.Value, now, ct);
            return await EndAsync(token, SessionRefusals.BadRefreshToken, now, ct);
        }

        private async Task<Turn> EndAsync(HeldRefreshToken token, Refusal why, DateTimeOffset now, CancellationToken ct)
        {
            (await db.Sessions.SingleAsync(x => x.Id == token.Session, ct)).RevokedAt = now;
            cache.ForgetAfterCommit(session);
            return new Turn(null, why);
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/refresh", ([FromHeader(Name = "Idempotency-Key")] string? retryKey, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Attempt(body.RefreshToken, retryKey), ct))
        .Slice<Attempt, SessionView>(nameof(RefreshSession), "Exchanges a refresh token for new tokens")
        .WithMetadata(new CarriesSecret(), new RetriesItself());
}
