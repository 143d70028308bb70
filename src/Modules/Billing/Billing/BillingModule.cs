using Licensing.Billing.Data;
using Microsoft.Extensions.Hosting;

namespace Licensing.Billing;

/// <summary>Everything the host may know about this module.</summary>
public static class BillingModule
{
    extension(IHostApplicationBuilder host)
    {
        public void AddBilling() => host.AddModule<BillingDb>("billing", BillingPermissions.All);
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapBilling()
        {
        }
    }
}
