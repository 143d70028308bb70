using FluentValidation;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Sessions;

/// <summary>
/// Ends the session that a refresh token belongs to, and the login links that its owner made. An unknown token is no error: the session is over
/// either way.
/// </summary>
internal static class Logout
{
    [Anyone]
    public sealed record Command(string RefreshToken) : ICommand<Done>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(x => x.RefreshToken).NotEmpty().MaximumLength(200);
    }

    internal sealed class Handler(IdentityDb db, DbSession transaction, OpenSessions sessions, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            var digest = SessionTokens.Digest(command.RefreshToken);
            var open = db.Sessions.Where(s => s.RevokedAt == null && db.RefreshTokens.Any(t => t.TokenHash == digest && t.SessionId == s.Id));
            if (await open.Select(s => (Guid?)s.UserId).SingleOrDefaultAsync(cancellationToken) is not { } user)
                return default(Done);
            await transaction.LockAloneAsync(user, cancellationToken);
            if (await open.SingleOrDefaultAsync(cancellationToken) is not { } session)
                return default(Done);
            await sessions.EndAsync(session, clock.GetUtcNow(), cancellationToken);
            return default(Done);
        }
    }

    public static void Map(RouteGroupBuilder auth) => auth
        .MapPost("/logout", (Command body, ISender sender, CancellationToken ct) => sender.NoContent(body, ct))
        .Slice<Command>(nameof(Logout), "Ends a session");
}
