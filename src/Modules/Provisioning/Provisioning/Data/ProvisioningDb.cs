using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Provisioning.Data;

internal sealed class ProvisioningDb(DbContextOptions<ProvisioningDb> options, DbSession session) : ModuleDb(options, session)
{
    public override string Schema => "provisioning";
}
