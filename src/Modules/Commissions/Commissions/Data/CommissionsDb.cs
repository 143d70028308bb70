using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Data;

internal sealed class CommissionsDb(DbContextOptions<CommissionsDb> options, DbSession session) : ModuleDb(options, session)
{
    public override string Schema => "commissions";
}
