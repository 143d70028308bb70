using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Credit;

/// <summary>Who has credit, and who may give some.</summary>
internal static class CreditAccounts
{
    /// <summary>Whether an organisation has credit: everyone to whom something is sold.</summary>
    public static bool HasCredit(OrganizationRef? organization) => organization is { Kind: not OrganizationKind.Platform };

    /// <summary>
    /// Credit comes from above: credits from who sells to the account, or above him; money and points, which pay what the platform and
    /// distributors sell, never from a partner. So nobody makes himself any, nor his tenants any that he could take from them and pay with.
    /// </summary>
    /// <param name="scope">How far the caller reaches.</param>
    /// <param name="path">Where the account stands.</param>
    /// <param name="units">What is given.</param>
    public static bool MayGive(Scope scope, string path, params IEnumerable<string> units)
    {
        var giver = OrganizationPath.LevelOf(path) - 1;
        if (giver is OrganizationKind.Partner && units.Any(unit => unit != CreditUnits.Credits))
            giver = OrganizationKind.Distributor;
        return scope.Contains(OrganizationPath.At(path, giver)!);
    }

    /// <summary>Credit goes down or up one level, or aside under one parent: to a tenant and back, from a tenant to one beside it.</summary>
    public static bool MayTransfer(OrganizationRef from, OrganizationRef to) =>
        from.ParentId == to.Id || to.ParentId == from.Id || from.ParentId == to.ParentId;
}
