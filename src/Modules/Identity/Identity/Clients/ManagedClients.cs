using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Clients;

/// <summary>
/// The clients that the caller may change, and has seen as they are. Found with its organisation held: what a transfer would end must not
/// be changed beside it.
/// </summary>
internal sealed class ManagedClients(IdentityDb db, HeldOrganizations organizations, Precondition precondition, Principal principal)
{
    public async Task<Result<Client>> FindAsync(ClientId id, CancellationToken ct)
    {
        if (!await organizations.HoldOwnerAsync("clients", id.Value, "key share", ct)
            || await db.Clients.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, ct) is not { } client)
            return ClientRefusals.NotFound(id.Value);
        return precondition.Fails(client) ? Precondition.Failed : client;
    }
}
