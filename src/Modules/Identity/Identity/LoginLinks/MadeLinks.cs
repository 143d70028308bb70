using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
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
}
