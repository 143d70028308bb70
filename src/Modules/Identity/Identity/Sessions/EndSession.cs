using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Sessions;

/// <summary>
/// Ends a session that does not go on: its refresh token was used twice, or its way in is closed. With it end the login links that its owner
/// made, since a thief may have made them in it; not where someone else had opened it, in whose log-in none is made. No endpoint sends it.
/// </summary>
internal static class EndSession
{
    [Anyone]
    public sealed record Command(Guid Session, UserId User) : ICommand<Done>;

    internal sealed class Handler(IdentityDb db, DbSession transaction, OpenSessions sessions, CredentialCache cache, TimeProvider clock)
        : ICommandHandler<Command, Done>
    {
        public async Task<Result<Done>> Handle(Command command, CancellationToken cancellationToken)
        {
            await transaction.LockAloneAsync(command.User.Value, cancellationToken);
            // Where there is none, another host may have ended it, of which this process has not heard.
            if (await db.Sessions.SingleOrDefaultAsync(x => x.Id == command.Session && x.RevokedAt == null, cancellationToken) is { } session)
                await sessions.EndAsync(session, clock.GetUtcNow(), cancellationToken);
            else
                cache.ForgetAfterCommit(transaction);
            return default(Done);
        }
    }
}
