using Licensing.Identity.ApiKeys;
using Licensing.Identity.Audit;
using Licensing.Identity.Clients;
using Licensing.Identity.Organizations;
using Licensing.Identity.Sessions;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Data;

internal sealed class IdentityDb(DbContextOptions<IdentityDb> options, DbSession session) : ModuleDb(options, session)
{
    public override string Schema => "identity";

    public DbSet<Organization> Organizations => Set<Organization>();

    public DbSet<AuditRecord> AuditRecords => Set<AuditRecord>();

    public DbSet<User> Users => Set<User>();

    public DbSet<RoleAssignment> RoleAssignments => Set<RoleAssignment>();

    public DbSet<Session> Sessions => Set<Session>();

    public DbSet<RefreshToken> RefreshTokens => Set<RefreshToken>();

    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();

    public DbSet<Client> Clients => Set<Client>();
}
