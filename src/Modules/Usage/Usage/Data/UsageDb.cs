using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Usage.Data;

internal sealed class UsageDb(DbContextOptions<UsageDb> options, DbSession session) : ModuleDb(options, session)
{
    public override string Schema => "usage";
}
