using Licensing.Identity.Audit;
using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Licensing.Identity;

/// <summary>Everything the host may know about this module.</summary>
public static class IdentityModule
{
    extension(IHostApplicationBuilder host)
    {
        public void AddIdentity()
        {
            host.AddModule<IdentityDb>("identity", IdentityPermissions.All)
                .OnConstraint("organizations_external_id_key", OrganizationRefusals.ExternalIdTaken);
            host.Services.AddSingleton<IAuditStore, AuditStore>();
            host.Services.AddSingleton<IPreparation, PlatformRoot>();
            host.Services.AddScoped<IOrganizationDirectory, OrganizationDirectory>();
            host.Services.AddScoped<OrganizationOpening>();
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapIdentity()
        {
            var distributors = routes.MapLevel(OrganizationKind.Distributor, "distributors");
            var partners = routes.MapLevel(OrganizationKind.Partner, "partners");
            var tenants = routes.MapLevel(OrganizationKind.Tenant, "tenants");
            CreateDistributor.Map(distributors);
            CreatePartner.Map(partners);
            CreateTenant.Map(tenants);
        }

        private RouteGroupBuilder MapLevel(OrganizationKind kind, string plural)
        {
            var level = routes.MapGroup($"/api/v1/{plural}").WithTags("Identity");
            ListOrganizations.Map(level, kind, plural);
            GetOrganization.Map(level, kind);
            return level;
        }
    }
}
