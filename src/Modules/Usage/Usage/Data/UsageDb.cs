using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Usage.Data;

internal sealed class UsageDb(DbContextOptions<UsageDb> options) : ModuleDb(options)
{
    public override string Schema => "usage";
}
