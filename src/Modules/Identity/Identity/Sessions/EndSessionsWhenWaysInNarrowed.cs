using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Sessions;

/// <summary>An organisation takes fewer ways in than before, and so do those below it.</summary>
/// <param name="OrganizationId">Which.</param>
/// <param name="After">The session up to which they have been looked through.</param>
[Message("identity.ways-in-narrowed.v1")]
internal sealed record WaysInNarrowed(OrganizationId OrganizationId, Guid After);

/// <summary>
/// Ends the sessions that came by a way which is closed now, with the login links of their owners: at its next refresh each would end anyway, but
/// one that is never refreshed would leave what was made in it. By message, since they may be many: each takes some and leaves the others to the next.
/// </summary>
internal sealed class EndSessionsWhenWaysInNarrowed(IdentityDb db, DbSession transaction, SignInRules rules, ISender sender) : IHandle<WaysInNarrowed>
{
    private const int AtOnce = 100;

    public async Task HandleAsync(WaysInNarrowed message, CancellationToken ct)
    {
        var path = await db.Organizations.AsNoTracking().Where(x => x.Id == message.OrganizationId).Select(x => x.OwnerPath).SingleAsync(ct);
        var open = await db.Sessions.AsNoTracking().Within(Scope.Of([path]))
            .Where(x => x.RevokedAt == null && x.Way != SessionWay.LoginLink && x.Id > message.After).OrderBy(x => x.Id).Take(AtOnce).ToListAsync(ct);
        if (open.Count == AtOnce)
            db.Publish(message with { After = open[^1].Id });

        var closed = await ClosedAsync(open, ct);
        // All in one turn, as whoever holds several takes them: one after the other, two could wait for each other.
        await transaction.LockAloneAsync([.. closed.Select(x => x.UserId)], ct);
        foreach (var session in closed)
            await sender.Send(new EndSession.Command(session.Id, new UserId(session.UserId)), ct);
    }

    private async Task<List<Session>> ClosedAsync(List<Session> open, CancellationToken ct)
    {
        var ids = open.Select(x => new UserId(x.UserId)).Distinct().ToList();
        var users = await db.Users.AsNoTracking().Where(x => ids.Contains(x.Id)).ToDictionaryAsync(x => x.Id.Value, ct);
        var closed = new List<Session>();
        // What is asked of one is asked of all who belong there and came the same way.
        foreach (var alike in open.GroupBy(x => (x.OwnerPath, x.Way, x.Provider)))
            if (await rules.RefuseAsync(users[alike.First().UserId], SignIn.Of(alike.First()), ct) is not null)
                closed.AddRange(alike);
        return closed;
    }
}
