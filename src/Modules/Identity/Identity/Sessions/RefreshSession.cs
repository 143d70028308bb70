using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FluentValidation;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
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

    /// <summary>
    /// What is refused ends the session, where its token was used twice or its way in is closed. In a transaction of its own: its owner is
    /// held before his session, and a turn holds the session alone.
    /// </summary>
    internal sealed class Door(ISender sender) : IRequestHandler<Attempt, Result<SessionView>>
    {
        public async Task<Result<SessionView>> Handle(Attempt attempt, CancellationToken cancellationToken)
        {
            var asked = new Command(attempt.RefreshToken, attempt.RetryKey, attempt.Scope);
            if ((await sender.Send(asked, cancellationToken)).Refused(out var refusal, out var turn))
                return refusal;
            if (turn.Next is { } next)
                return next;
            var (over, why) = turn.Over!.Value;
            // Also for who hangs up: a thief would.
            return (await sender.Send(over, CancellationToken.None)).Refused(out refusal, out _) ? refusal : why;
        }
    }

    [Anyone]
    public sealed record Command(string RefreshToken, string? RetryKey, IReadOnlyList<string>? Scope) : ICommand<Turn>
    {
        public override string ToString() => nameof(RefreshSession);
    }

    /// <param name="Next">The next pair.</param>
    /// <param name="Over">Or what ends now, and why.</param>
    public sealed record Turn(SessionView? Next, (EndSession.Command What, Refusal Why)? Over = null);

    internal sealed class Handler(
        IdentityDb db, RefreshTokens held, SessionTokens tokens, SignInRules rules, SecretBox secrets, TimeProvider clock)
        : ICommandHandler<Command, Turn>
    {
        public async Task<Result<Turn>> Handle(Command command, CancellationToken cancellationToken)
        {
            var now = clock.GetUtcNow();
            var key = command.RetryKey is { Length: > 0 } given ? SHA256.HashData(Encoding.UTF8.GetBytes(given)) : null;
            if (await held.LockAsync(SessionTokens.Digest(command.RefreshToken), cancellationToken) is not { } token)
                return SessionRefusals.BadRefreshToken;
            if (token.IsUsed)
                return IsRetry(token, key, now) ? new Turn(Answered(token)) : Over(token, SessionRefusals.BadRefreshToken);
            if (token.ExpiresAt <= now)
                return SessionRefusals.BadRefreshToken;
            if (await db.Users.AsNoTracking().WhereMayEnter(db).SingleOrDefaultAsync(x => x.Id == token.User, cancellationToken) is not { } user)
                return Over(token, SessionRefusals.BadRefreshToken);
            // A way in that has been closed since is no way on.
            if (await rules.RefuseAsync(user, token.How, cancellationToken) is { } closed)
                return Over(token, closed);

            var next = await tokens.GoOnAsync(user, token.Session, token.SessionCreatedAt, token.How, command.Scope, cancellationToken);
            var answer = key is null ? null : secrets.Seal(JsonSerializer.SerializeToUtf8Bytes(next, ApiJson.Options));
            await held.UseAsync(token.Id, now, key, answer, cancellationToken);
            return new Turn(next);
        }

        private static bool IsRetry(HeldRefreshToken token, byte[]? key, DateTimeOffset now) =>
            key is not null && token is { UsedWith: { } first, SealedAnswer: not null }
            && now < token.UsedAt + RetryWithin && CryptographicOperations.FixedTimeEquals(key, first);

        private SessionView Answered(HeldRefreshToken token) =>
            JsonSerializer.Deserialize<SessionView>(secrets.Open(token.SealedAnswer), ApiJson.Options)!;

        private static Turn Over(HeldRefreshToken token, Refusal why) => new(null, (new EndSession.Command(token.Session, token.User), why));
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/refresh", ([FromHeader(Name = "Idempotency-Key")] string? retryKey, Body body, ISender sender, CancellationToken ct) =>
            sender.Ok(new Attempt(body.RefreshToken, retryKey), ct))
        .Slice<Attempt, SessionView>(nameof(RefreshSession), "Exchanges a refresh token for new tokens")
        .WithMetadata(new CarriesSecret(), new RetriesItself());
}
