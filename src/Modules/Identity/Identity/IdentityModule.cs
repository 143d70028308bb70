using Licensing.Identity.ApiKeys;
using Licensing.Identity.Audit;
using Licensing.Identity.Certificates;
using Licensing.Identity.Clients;
using Licensing.Identity.Contracts;
using Licensing.Identity.Credentials;
using Licensing.Identity.Data;
using Licensing.Identity.Federation;
using Licensing.Identity.LoginLinks;
using Licensing.Identity.OAuth;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Identity.Sessions;
using Licensing.Identity.Settings;
using Licensing.Identity.Transfers;
using Licensing.Identity.Users;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;
using Licensing.Kernel.Mail;
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
                .OnConstraint("federated_identities_subject_key", FederationRefusals.AlreadyLinked)
                .OnConstraint("federated_identities_one_per_issuer", FederationRefusals.AlreadyLinked)
                .OnConstraint("users_username_key", UserRefusals.UsernameTaken)
                .OnConstraint("transfers_one_pending", TransferRefusals.AlreadyPending)
                .OnConstraint("settings_pkey", SettingsRefusals.Race)
                .On<PasswordResetRequested, MailWhenPasswordResetRequested>()
                .On<LoginLocked, TellWhenLoginLocked>()
                .On<LetterPosted, SendLetter>()
                .On<TransferDue, TransferWhenDue>()
                .Ops(ResetPassword.Ops)
                .Ops(CreateAdministrator.Ops)
                .Ops(ListUsers.Ops)
                .Ops(EndUserSessions.Ops)
                .Ops(VerifyAudit.Ops)
                .Ops(RotateSigningKeys.Ops)
                .Ops(ListSigningKeys.Ops)
                .OnConstraint("account_roles_once", UserRefusals.AlreadyAssigned)
                .OnConstraint("custom_roles_name_key", RoleRefusals.NameTaken)
                .OnConstraint("api_keys_rotated_once", ApiKeyRefusals.AlreadyRotated)
                .OnConstraint("certificates_fingerprint_key", CertificateRefusals.FingerprintTaken)
                .OnConstraint("certificates_key_id_key", CertificateRefusals.KeyIdTaken)
                .Ops(ListCredentials.Ops)
                .Ops(RevokeCredential.Ops)
                .Ops(ExplainAccess.Ops);
            var services = host.Services;
            services.AddSingleton<Dialect, OAuthDialect>();
            services.AddSingleton<IAuditStore, AuditStore>();
            services.AddSingleton<AuditSealer>();
            services.AddHostedService(provider => provider.GetRequiredService<AuditSealer>());
            services.AddSingleton<VerifyAudit>();
            services.AddScoped<OrganizationDirectory>();
            services.AddScoped<IOrganizationDirectory>(provider => provider.GetRequiredService<OrganizationDirectory>());
            services.AddScoped<ILegalDetails, OrganizationDocuments>();
            services.AddScoped<ICustomers, Customers>();
            services.AddScoped<IAccounts, Reseller.Accounts>();
            services.AddScoped<Reseller.AccountUsers>();
            services.AddScoped<ICustomerAccounts, CustomerAccounts>();
            services.AddScoped<OrganizationOpening>();
            services.AddScoped<ManagedOrganizations>();
            services.AddScoped<HeldOrganizations>();
            services.AddScoped<TenantMove>();
            services.AddScoped<OrganizationSettings>();
            services.AddScoped<IOrganizationSettings>(provider => provider.GetRequiredService<OrganizationSettings>());

            services.AddSingleton<RolePermissions>();
            services.AddSingleton<StandingRights>();
            services.AddScoped<RoleBook>();
            services.AddSingleton<ICertificateRegistry, CertificateRegistry>();
            services.AddSingleton<CertificateKeys>();
            services.AddScoped<ILoginLinks, LoginLinksContract>();
            services.AddScoped<IDocumentSigner, DocumentSigner>();
            services.AddTransient(typeof(MediatR.IPipelineBehavior<,>), typeof(HoldCaller<,>));
            services.AddSingleton<AccessReader>();
            services.AddScoped<ExplainedCallers>();
            services.AddSingleton<CredentialCache>();
            services.AddSingleton<CredentialGate>();
            services.AddSingleton<ApiKeyProof>();
            services.AddSingleton<IAuthenticator, BearerAuthenticator>();
            services.AddSingleton<IAuthenticator, ApiKeyAuthenticator>();
            services.AddSingleton<IAuthenticator, BasicAuthenticator>();
            services.AddSingleton<Passwords>();
            services.AddSingleton<PasswordCheck>();
            services.AddSingleton<LoginAttempts>();
            services.AddScoped<SecondFactor>();
            services.AddUsers(host.Configuration);
            services.AddScoped<ManagedUsers>();
            services.AddScoped<ManagedApiKeys>();
            services.AddScoped<OneTimeTokens>();
            services.AddScoped<Invitations>();
            services.AddScoped<LetterLimits>();
            services.AddScoped<Letters>();
            services.AddScoped<Enrolment>();
            services.AddSingleton<PublicAddress>();
            services.AddSingleton<SigningKeys>();
            services.AddSingleton<AccessTokens>();
            services.AddSingleton<LoginLinkRight>();
            services.AddScoped<MadeLinks>();
            services.AddScoped<OpenSessions>();
            services.AddScoped<SignInRules>();
            services.AddScoped<SessionTokens>();
            services.AddScoped<RefreshTokens>();
            services.AddSingleton<IdentityProviders>();
            services.AddSingleton<IssuerDocuments>();
            services.AddSingleton<IssuerKeys>();
            services.AddSingleton<IdTokens>();
            services.AddSingleton<TokenSettings>();
            services.AddSingleton<ClientReader>();
            services.AddSingleton<ClientProof>();
            services.AddScoped<ClientRights>();
            services.AddScoped<ManagedClients>();
            services.AddSingleton<IChore, TokenChore>();

            // In this order: the administrator belongs to the root.
            services.AddSingleton<FirstStart>();
            services.AddSingleton<IPreparation, PlatformRoot>();
            services.AddSingleton<IPreparation>(provider => provider.GetRequiredService<SigningKeys>());
            services.AddSingleton<IPreparation, FirstAdministrator>();
            services.AddSingleton<IPreparation>(provider => provider.GetRequiredService<IdentityProviders>());
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapIdentity()
        {
            CreateDistributor.Map(routes.MapLevel(OrganizationKind.Distributor, "distributors"));
            CreatePartner.Map(routes.MapLevel(OrganizationKind.Partner, "partners"));
            var tenants = routes.MapLevel(OrganizationKind.Tenant, "tenants");
            CreateTenant.Map(tenants);
            CreateTenants.Map(tenants);
            TransferTenant.Map(tenants);
            GetTransfer.Map(tenants);
            CancelTransfer.Map(tenants);

            var auth = routes.MapArea("auth");
            Login.Map(auth);
            RefreshSession.Map(auth);
            Logout.Map(auth);
            ChangePassword.Map(auth);
            CreateLoginLink.Map(auth);
            RedeemLoginLink.Map(auth);
            GetSigningKeys.Map(routes);
            FederatedLogin.Map(auth);
            ListProviders.Map(auth);
            ActivateUser.Map(auth);
            RequestPasswordReset.Map(auth);
            ConfirmPasswordReset.Map(auth);
            StartMfa.Map(auth);
            ConfirmMfa.Map(auth);
            RemoveMfa.Map(auth);
            ListOwnSessions.Map(auth);
            EndOwnSession.Map(auth);
            EndOtherSessions.Map(auth);

            var users = routes.MapArea("users");
            CreateUser.Map(users);
            GetUser.Map(users);
            ListUsers.Map(users);
            ListIdentities.Map(users);
            RemoveIdentity.Map(users);
            ListUserSessions.Map(users);
            EndUserSession.Map(users);
            EndUserSessions.Map(users);
            PatchUser.Map(users);
            ResendInvitation.Map(users);
            DisableUser.Map(users);
            EnableUser.Map(users);
            UnlockUser.Map(users);
            ResetMfa.Map(users);
            GetUserRoles.Map(users);
            var roles = routes.MapArea("roles");
            ListRoles.Map(roles);
            AssignRole.Map(roles);
            RemoveRole.Map(roles);
            DefineRole.Map(roles);
            GetRole.Map(roles);
            ChangeRole.Map(roles);
            DeleteRole.Map(roles);
            ListRoleAssignments.Map(roles);
            AssignRoleToAccount.Map(roles);
            ListAccountRoles.Map(roles);
            RemoveRoleFromAccount.Map(roles);
            ListPermissions.Map(routes);

            var keys = routes.MapArea("api-keys");
            CreateApiKey.Map(keys);
            GetApiKey.Map(keys);
            ListApiKeys.Map(keys);
            RevokeApiKey.Map(keys);
            PatchApiKey.Map(keys);
            RotateApiKey.Map(keys);

            var certificates = routes.MapArea("certificates");
            EnrolCertificate.Map(certificates);
            GetCertificate.Map(certificates);
            ListCertificates.Map(certificates);
            RevokeCertificate.Map(certificates);
            GetCertificateKeys.Map(routes);
            ListAudit.Map(routes);
            var settings = routes.MapArea("settings");
            GetSettings.Map(settings);
            PatchSettings.Map(settings);

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
            Reseller.ResellerArea.Map(routes);
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
