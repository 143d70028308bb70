using System.Linq.Expressions;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Sessions;

internal static class OpenSessionQueries
{
    extension(IdentityDb db)
    {
        /// <summary>A page of what a user has open, newest first.</summary>
        public Task<Result<Page<OpenSessionView>>> OpenSessionsAsync(
            UserId user, Guid? current, PageStart start, DateTimeOffset now, CancellationToken ct) =>
            db.Sessions.AsNoTracking()
                .Where(x => x.UserId == user.Value && x.RevokedAt == null
                    && db.RefreshTokens.Any(t => t.SessionId == x.Id && t.UsedAt == null && t.ExpiresAt > now))
                .ToPageAsync(start, x => x.Id, Shape(db, current), x => x.Id, ct);
    }

    private static Expression<Func<Session, OpenSessionView>> Shape(IdentityDb db, Guid? current) => x => new OpenSessionView(
        x.Id, x.Way, x.Provider, x.SecondFactor, x.Address, x.CreatedAt, db.RefreshTokens.Where(t => t.SessionId == x.Id).Max(t => t.CreatedAt),
        db.RefreshTokens.Where(t => t.SessionId == x.Id).Max(t => t.ExpiresAt), x.Id == current);
}
