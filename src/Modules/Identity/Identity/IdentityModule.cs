using Licensing.Identity.Data;
using Microsoft.Extensions.Hosting;

namespace Licensing.Identity;

/// <summary>Everything the host may know about this module.</summary>
public static class IdentityModule
{
    extension(IHostApplicationBuilder host)
    {
        public void AddIdentity() => host.AddModule<IdentityDb>("identity", IdentityPermissions.All);
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapIdentity()
        {
        }
    }
}
