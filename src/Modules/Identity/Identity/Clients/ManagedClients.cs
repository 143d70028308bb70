using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.LoginLinks;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Http;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Clients;

/// <summary>
/// The clients that the caller may change, and has seen as they are. Found with its organisation held: what a transfer would end must not
/// be changed beside it.
/// </summary>
internal sealed class ManagedClients(
    IdentityDb db, DbSession session, HeldOrganizations organizations, MadeLinks links, CredentialCache cache, Precondition precondition,
    Principal principal, TimeProvider clock)
{
    public async Task<Result<Client>> FindAsync(ClientId id, CancellationToken ct)
    {
        if (!await organizations.HoldOwnerAsync("clients", id.Value, "key share", ct)
            || await db.Clients.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, ct) is not { } client)
            return ClientRefusals.NotFound(id.Value);
        return precondition.Fails(client) ? Precondition.Failed : client;
    }

    /// <summary>After a change: where the client's tokens end with it, so do the login links that it made.</summary>
    /// <param name="client">As it is now.</param>
    /// <param name="epoch">Under which its tokens were made before.</param>
    /// <param name="ct">Gives up.</param>
    public async Task ChangedAsync(Client client, int epoch, CancellationToken ct)
    {
        await db.SaveChangesAsync(ct);
        if (client.Epoch != epoch)
            await links.EndAsync(client.Id.Value, clock.GetUtcNow(), ct);
        cache.ForgetAfterCommit(session);
    }
}
