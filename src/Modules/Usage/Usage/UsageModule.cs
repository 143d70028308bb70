using Licensing.Usage.Data;
using Microsoft.Extensions.Hosting;

namespace Licensing.Usage;

/// <summary>Everything the host may know about this module.</summary>
public static class UsageModule
{
    extension(IHostApplicationBuilder host)
    {
        public void AddUsage() => host.AddModule<UsageDb>("usage", UsagePermissions.All);
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapUsage()
        {
        }
    }
}
