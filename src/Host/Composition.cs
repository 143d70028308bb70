using Licensing.Billing;
using Licensing.Catalog;
using Licensing.Commissions;
using Licensing.Doors.Reseller;
using Licensing.Host.Database;
using Licensing.Host.Mail;
using Licensing.Host.Observability;
using Licensing.Host.Reference;
using Licensing.Identity;
using Licensing.Kernel;
using Licensing.Kernel.Http;
using Licensing.Kernel.Operations;
using Licensing.Provisioning;
using Licensing.Usage;

namespace Licensing.Host;

/// <summary>The six modules on one kernel, in the order of their contracts.</summary>
internal static class Composition
{
    extension(WebApplicationBuilder builder)
    {
        public void AddLicensing()
        {
            builder.AddKernel();
            builder.AddMigrations();
            builder.AddHttpConventions();
            builder.AddResellerService();
            builder.AddMailSender();
            builder.AddIdentity();
            builder.AddCatalog();
            builder.AddProvisioning();
            builder.AddUsage();
            builder.AddBilling();
            builder.AddCommissions();
            builder.AddObservability();
            builder.AddReference();
        }
    }

    extension(WebApplication app)
    {
        /// <summary>What a migrated database needs before the first request: the root of the tree, what modules ship as data.</summary>
        public async Task PrepareAsync(CancellationToken ct)
        {
            foreach (var preparation in app.Services.GetServices<IPreparation>())
                await preparation.PrepareAsync(ct);
        }

        public void UseLicensing()
        {
            // Read now, so that a wrong time zone stops the start and not the first invoice.
            app.Services.GetRequiredService<BillingCalendar>();
            RequestPolicy.Verify(app.Services.RequestTypes(), app.Services.GetRequiredService<PermissionCatalog>());
            app.UseMiddleware<RequestLog>();
            // Before the conventions, so that limits, throttles and logs see the caller and not the proxy.
            app.UseTrustedProxies();
            app.UseResellerService();
            app.UseHttpConventions();
            app.MapIdentity();
            app.MapCatalog();
            app.MapProvisioning();
            app.MapUsage();
            app.MapBilling();
            app.MapCommissions();
            app.MapOperations();
            app.MapObservability();
            app.MapReference();
        }
    }
}
