using Licensing.Identity.ApiKeys;
using Licensing.Identity.Audit;
using Licensing.Identity.Certificates;
using Licensing.Identity.Clients;
using Licensing.Identity.Federation;
using Licensing.Identity.LoginLinks;
using Licensing.Identity.Organizations;
using Licensing.Identity.Rights;
using Licensing.Identity.Sessions;
using Licensing.Identity.Settings;
using Licensing.Identity.Transfers;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Data;

internal sealed class IdentityDb(DbContextOptions<IdentityDb> options) : ModuleDb(options)
{
    public override string Schema => "identity";

    public DbSet<Organization> Organizations => Set<Organization>();

    public DbSet<Transfer> Transfers => Set<Transfer>();

    public DbSet<SettingsRow> Settings => Set<SettingsRow>();

    public DbSet<AuditRecord> AuditRecords => Set<AuditRecord>();

    public DbSet<User> Users => Set<User>();

    public DbSet<RoleAssignment> RoleAssignments => Set<RoleAssignment>();

    public DbSet<Session> Sessions => Set<Session>();

    public DbSet<RefreshToken> RefreshTokens => Set<RefreshToken>();

    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();

    public DbSet<FederatedIdentity> FederatedIdentities => Set<FederatedIdentity>();

    public DbSet<Client> Clients => Set<Client>();

    public DbSet<CustomRole> CustomRoles => Set<CustomRole>();

    public DbSet<AccountRole> AccountRoles => Set<AccountRole>();

    public DbSet<Certificate> Certificates => Set<Certificate>();

    public DbSet<LoginLink> LoginLinks => Set<LoginLink>();
}
