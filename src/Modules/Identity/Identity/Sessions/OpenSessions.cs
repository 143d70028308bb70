using System.Text.Json.Nodes;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.LoginLinks;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Sessions;

/// <summary>
/// The sessions that a user has open. With them end the login links that would open another, his own to others and those into his account.
/// </summary>
internal sealed class OpenSessions(
    IdentityDb db, DbSession transaction, MadeLinks links, CredentialCache cache, AuditTrail audit, Principal principal)
{
    /// <summary>The caller's own; null where he did not log in, or has been logged out meanwhile.</summary>
    public async Task<Session?> PresentAsync(CancellationToken ct) => principal.Access.SessionId is { } id
        ? await db.Sessions.SingleOrDefaultAsync(x => x.Id == id && x.UserId == principal.Id && x.RevokedAt == null, ct)
        : null;

    /// <summary>
    /// Ends whatever <paramref name="user"/> has open; he must be held alone (<see cref="UserLocks"/>), or a log-in that is just happening
    /// outlives it.
    /// </summary>
    /// <returns>How many.</returns>
    public Task<int> EndAllAsync(User user, DateTimeOffset now, CancellationToken ct) => EndAsync(user, Guid.Empty, now, ct);

    /// <summary>The same but for one.</summary>
    public Task<int> EndOthersAsync(User user, Session? present, DateTimeOffset now, CancellationToken ct) =>
        EndAsync(user, present?.Id ?? Guid.Empty, now, ct);

    /// <summary>
    /// Ends one, the access tokens of it and the login links that its owner made; he must be held alone (<see cref="CallerLocks"/>), and the session
    /// have been read since.
    /// </summary>
    public async Task EndAsync(Session session, DateTimeOffset now, CancellationToken ct)
    {
        session.RevokedAt = now;
        await links.EndWithAsync(session, now, ct);
        cache.ForgetAfterCommit(transaction);
    }

    private async Task<int> EndAsync(User user, Guid but, DateTimeOffset now, CancellationToken ct)
    {
        await db.LoginLinks.Where(x => x.UserId == user.Id).ExecuteDeleteAsync(ct);
        await links.EndAsync(user.Id.Value, now, ct);
        var ended = await db.Sessions.Where(x => x.UserId == user.Id.Value && x.RevokedAt == null && x.Id != but)
            .ExecuteUpdateAsync(s => s.SetProperty(x => x.RevokedAt, now), ct);
        if (ended > 0)
            audit.Note("user", user.Id.Value.ToString(), user.OwnerPath, new JsonObject { ["sessionsEnded"] = ended });
        return ended;
    }
}
