using Licensing.Identity.Audit;
using Licensing.Identity.Organizations;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Data;

internal sealed class IdentityDb(DbContextOptions<IdentityDb> options, DbSession session) : ModuleDb(options, session)
{
    public override string Schema => "identity";

    public DbSet<Organization> Organizations => Set<Organization>();

    public DbSet<AuditRecord> AuditRecords => Set<AuditRecord>();
}
