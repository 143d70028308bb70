using Licensing.Provisioning.Data;
using Microsoft.Extensions.Hosting;

namespace Licensing.Provisioning;

/// <summary>Everything the host may know about this module.</summary>
public static class ProvisioningModule
{
    extension(IHostApplicationBuilder host)
    {
        public void AddProvisioning() => host.AddModule<ProvisioningDb>("provisioning", ProvisioningPermissions.All);
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapProvisioning()
        {
        }
    }
}
