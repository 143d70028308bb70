using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Billing.Data;

internal sealed class BillingDb(DbContextOptions<BillingDb> options, DbSession session) : ModuleDb(options, session)
{
    public override string Schema => "billing";
}
