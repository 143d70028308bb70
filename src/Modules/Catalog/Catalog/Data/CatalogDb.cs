using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Catalog.Data;

internal sealed class CatalogDb(DbContextOptions<CatalogDb> options, DbSession session) : ModuleDb(options, session)
{
    public override string Schema => "catalog";
}
