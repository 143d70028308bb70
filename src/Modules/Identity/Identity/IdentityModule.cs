using Licensing.Identity.ApiKeys;
using Licensing.Identity.Audit;
using Licensing.Identity.Clients;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.OAuth;
using Licensing.Identity.Organizations;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Http;
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
                .OnConstraint("organizations_external_id_key", OrganizationRefusals.ExternalIdTaken)
                .OnConstraint("users_email_key", UserRefusals.EmailTaken)
                .OnConstraint("role_assignments_once", UserRefusals.AlreadyAssigned)
                .Ops(ResetPassword.Ops)
                .Ops(RotateSigningKeys.Ops)
                .Ops(ListSigningKeys.Ops);
            var services = host.Services;
            services.AddSingleton<IAuditStore, AuditStore>();
            services.AddScoped<IOrganizationDirectory, OrganizationDirectory>();
            services.AddScoped<OrganizationOpening>();
            services.AddScoped<ManagedOrganizations>();

            services.AddSingleton<RolePermissions>();
            services.AddSingleton<AccessReader>();
            services.AddSingleton<CredentialCache>();
            services.AddSingleton<ApiKeyProof>();
            services.AddSingleton<IAuthenticator, BearerAuthenticator>();
            services.AddSingleton<IAuthenticator, ApiKeyAuthenticator>();
            services.AddSingleton<Passwords>();
            services.AddSingleton<PasswordCheck>();
            services.AddSingleton<SigningKeys>();
            services.AddSingleton<AccessTokens>();
            services.AddScoped<SessionTokens>();
            services.AddSingleton<TokenSettings>();
            services.AddSingleton<ClientReader>();
            services.AddSingleton<ClientProof>();
            services.AddScoped<ClientRights>();
            services.AddSingleton<IChore, TokenChore>();

            // In this order: the administrator belongs to the root.
            services.AddSingleton<FirstStart>();
            services.AddSingleton<IPreparation, PlatformRoot>();
            services.AddSingleton<IPreparation>(provider => provider.GetRequiredService<SigningKeys>());
            services.AddSingleton<IPreparation, FirstAdministrator>();
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapIdentity()
        {
            CreateDistributor.Map(routes.MapLevel(OrganizationKind.Distributor, "distributors"));
            CreatePartner.Map(routes.MapLevel(OrganizationKind.Partner, "partners"));
            CreateTenant.Map(routes.MapLevel(OrganizationKind.Tenant, "tenants"));

            var auth = routes.MapArea("auth");
            Login.Map(auth);
            RefreshSession.Map(auth);
            Logout.Map(auth);
            ChangePassword.Map(auth);
            GetSigningKeys.Map(routes);

            var users = routes.MapArea("users");
            CreateUser.Map(users);
            GetUser.Map(users);
            ListUsers.Map(users);
            var roles = routes.MapArea("roles");
            ListRoles.Map(roles);
            AssignRole.Map(roles);
            RemoveRole.Map(roles);

            var keys = routes.MapArea("api-keys");
            CreateApiKey.Map(keys);
            GetApiKey.Map(keys);
            ListApiKeys.Map(keys);
            RevokeApiKey.Map(keys);
            ListAudit.Map(routes);

            var clients = routes.MapArea("clients");
            CreateClient.Map(clients);
            GetClient.Map(clients);
            ListClients.Map(clients);
            PatchClient.Map(clients);
            RevokeClient.Map(clients);
            RotateClientSecret.Map(clients);
            RemoveClientSecret.Map(clients);

            var connect = routes.MapGroup("").WithTags("Identity");
            IssueToken.Map(connect);
            RevokeToken.Map(connect);
            IntrospectToken.Map(connect);
            GetServerMetadata.Map(routes);
        }

        private RouteGroupBuilder MapArea(string name) => routes.MapGroup($"/api/v1/{name}").WithTags("Identity");

        private RouteGroupBuilder MapLevel(OrganizationKind kind, string plural)
        {
            var level = routes.MapArea(plural);
            ListOrganizations.Map(level, kind, plural);
            GetOrganization.Map(level, kind);
            PatchOrganization.Map(level, kind);
            SuspendOrganization.Map(level, kind);
            ResumeOrganization.Map(level, kind);
            CloseOrganization.Map(level, kind);
            return level;
        }
    }
}
