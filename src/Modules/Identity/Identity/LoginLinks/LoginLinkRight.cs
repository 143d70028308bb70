using Licensing.Identity.Rights;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.LoginLinks;

/// <summary>
/// Whether whoever made a login link could make it now: a session from a link hangs on its maker's right, at its opening, at every refresh
/// and each time one of its access tokens is looked at. A suspension takes no right, it only keeps from using it.
/// </summary>
internal sealed class LoginLinkRight(NpgsqlDataSource database, StandingRights rights)
{
    /// <param name="session">Whose connection is used.</param>
    /// <param name="maker">Who made the link.</param>
    /// <param name="user">Whom it logged in.</param>
    /// <param name="path">Where he belongs now.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<bool> StandsAsync(DbSession session, Guid maker, UserId user, string path, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(await session.OpenAsync(ct), session.Transaction);
        return await StandsAsync(batch, maker, user, path, ct);
    }

    /// <summary>The same on a connection of its own.</summary>
    public async Task<bool> StandsAsync(Guid maker, UserId user, string path, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        return await StandsAsync(batch, maker, user, path, ct);
    }

    private async Task<bool> StandsAsync(NpgsqlBatch batch, Guid maker, UserId user, string path, CancellationToken ct)
    {
        // The process itself, for another module's message.
        if (maker == Guid.Empty)
            return true;
        rights.Ask(batch, maker);
        batch.BatchCommands.Add(new NpgsqlBatchCommand(HeldRole.OfUser) { Parameters = { new() { Value = user.Value } } });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        var held = await rights.ReadAsync(reader, ct);
        if (!held.Reach(IdentityPermissions.LoginLinksCreate, path))
            return false;
        await reader.NextResultAsync(ct);
        // What the user was given since does not come to whoever logged in as him.
        while (await reader.ReadAsync(ct))
            if (HeldRole.Read(reader) is var given && rights.All(given).Any(p => !held.Reach(p, given.Path)))
                return false;
        return true;
    }
}
