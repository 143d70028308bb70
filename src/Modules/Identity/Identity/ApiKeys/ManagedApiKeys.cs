using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Http;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.ApiKeys;

/// <summary>
/// The API keys that the caller may change, and has seen as they are. Found with their organisation held: what a transfer would end must
/// not be changed beside it.
/// </summary>
internal sealed class ManagedApiKeys(IdentityDb db, HeldOrganizations organizations, Precondition precondition, Principal principal)
{
    public async Task<Result<ApiKey>> FindAsync(ApiKeyId id, CancellationToken ct)
    {
        if (!await organizations.HoldOwnerAsync("api_keys", id.Value, "key share", ct)
            || await db.ApiKeys.Within(principal.Scope).SingleOrDefaultAsync(x => x.Id == id, ct) is not { } key)
            return ApiKeyRefusals.NotFound(id.Value);
        return precondition.Fails(key) ? Precondition.Failed : key;
    }
}
