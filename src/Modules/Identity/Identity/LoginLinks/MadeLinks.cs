using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.LoginLinks;

/// <summary>
/// Login links that are not used yet, and sessions that came of used ones: when someone's own log-ins end because they may be another's by
/// now, these may be that one's too.
/// </summary>
internal sealed class MadeLinks(IdentityDb db)
{
    /// <summary>
    /// Ends those that <paramref name="maker"/> made. He must be held alone (<see cref="CallerLocks"/>), or a link that he is just making
    /// outlives it.
    /// </summary>
    public async Task EndAsync(Guid maker, DateTimeOffset now, CancellationToken ct)
    {
        // The links first: who is just using one is waited for, and his session is there for the next statement.
        await db.LoginLinks.Where(x => x.CreatedBy == maker).ExecuteDeleteAsync(ct);
        await db.Sessions.Where(x => x.LinkMaker == maker && x.RevokedAt == null).ExecuteUpdateAsync(s => s.SetProperty(x => x.RevokedAt, now), ct);
    }

    /// <summary>
    /// The same when one of his log-ins ends: all, since which of them were made in it is not known. None where someone else opened it: there no
    /// link is made (<c>[InPerson]</c>).
    /// </summary>
    public Task EndWithAsync(Session session, DateTimeOffset now, CancellationToken ct) =>
        session.LinkMaker is null ? EndAsync(session.UserId, now, ct) : Task.CompletedTask;

    /// <summary>
    /// Ends those that a client made with one of its tokens; where nobody knows with which, those that it made since it had that one.
    /// </summary>
    public async Task EndMadeWithAsync(Guid token, Guid client, DateTimeOffset since, DateTimeOffset now, CancellationToken ct)
    {
        await db.LoginLinks
            .Where(x => x.CreatedBy == client && (x.MadeWith == token || (x.MadeWith == null && x.CreatedAt >= since)))
            .ExecuteDeleteAsync(ct);
        await db.Sessions
            .Where(x => x.LinkMaker == client && x.RevokedAt == null && (x.LinkMadeWith == token || (x.LinkMadeWith == null && x.CreatedAt >= since)))
            .ExecuteUpdateAsync(s => s.SetProperty(x => x.RevokedAt, now), ct);
    }
}
