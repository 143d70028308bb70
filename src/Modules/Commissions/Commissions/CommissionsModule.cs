using Licensing.Commissions.Data;
using Microsoft.Extensions.Hosting;

namespace Licensing.Commissions;

/// <summary>Everything the host may know about this module.</summary>
public static class CommissionsModule
{
    extension(IHostApplicationBuilder host)
    {
        public void AddCommissions() => host.AddModule<CommissionsDb>("commissions", CommissionsPermissions.All);
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapCommissions()
        {
        }
    }
}
