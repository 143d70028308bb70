using Licensing.Commissions.Data;
using Licensing.Commissions.Statements;
using Licensing.Identity.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Commissions.Payouts;

/// <summary>Keeps an organisation from being closed while something is to be paid to it, or to one below it.</summary>
internal sealed class OpenPayouts(CommissionsDb db) : IHoldsOrganization
{
    public async Task<Holding?> HeldAsync(OrganizationId id, string path, CancellationToken ct)
    {
        // Tenants earn nothing, and do not wait.
        if (OrganizationPath.LevelOf(path) is OrganizationKind.Tenant)
            return null;
        // A month that is being closed may be about to owe it something: that is seen here, or it finds the organisation closed.
        await db.KeepClosingsAsync(ct);
        return await db.Payouts.AsNoTracking().Within(Scope.Of([path])).CountAsync(x => x.PaidOn == null, ct) is > 0 and var open
            ? new Holding("payouts", open)
            : null;
    }
}

/// <summary>And while its last statement, or that of one below it, carries on what no statement after it would take over.</summary>
internal sealed class CarriedCommissions(CommissionsDb db) : IHoldsOrganization
{
    public async Task<Holding?> HeldAsync(OrganizationId id, string path, CancellationToken ct)
    {
        if (OrganizationPath.LevelOf(path) is OrganizationKind.Tenant)
            return null;
        await db.KeepClosingsAsync(ct);
        return await db.CarriedOn(db.Statements.AsNoTracking().Within(Scope.Of([path]))).CountAsync(ct) is > 0 and var carried
            ? new Holding("carried commissions", carried)
            : null;
    }
}
