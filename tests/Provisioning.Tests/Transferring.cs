using System.Net.Http.Json;
using Licensing.Identity.Contracts;
using static Licensing.Provisioning.Tests.SellingApp;

namespace Licensing.Provisioning.Tests;

internal static class Transferring
{
    /// <summary>
    /// Gives a branch's tenant to another partner of the distributor, from today; what that means elsewhere is heard when the relay is drained.
    /// </summary>
    /// <returns>Who has it now.</returns>
    public static async Task<OrganizationRef> GivenToAnotherAsync(this App app, Branch branch)
    {
        var next = await app.PartnerAsync(branch.Platform, branch.Distributor);
        using var platform = branch.Administrator();
        using var given = await platform.PostAsJsonAsync(
            $"/api/v1/tenants/{branch.Tenant.Id.Value}/transfer", new { partnerId = next.Id.Value, reason = "agreed" }, Ct);
        given.IsSuccessStatusCode.ShouldBeTrue(await given.Content.ReadAsStringAsync(Ct));
        return next;
    }
}
