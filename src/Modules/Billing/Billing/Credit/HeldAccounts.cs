using Licensing.Billing.Ledger;
using Licensing.Identity.Contracts;

namespace Licensing.Billing.Credit;

/// <summary>The account that something is said of: there from now on, and nobody changes its balance until the transaction ends.</summary>
internal sealed record HeldAccount(OrganizationRef Owner, Guid Id);

/// <summary>Finds accounts within the caller's branch for what is set beside their balance.</summary>
internal sealed class HeldAccounts(LedgerAccounts accounts, IOrganizationDirectory organizations, Principal principal)
{
    /// <param name="owner">Whose.</param>
    /// <param name="unit">A currency, <c>points</c> or <c>credits</c>.</param>
    /// <param name="toGive">Whether only who may give such credit may say it.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<Result<HeldAccount>> HoldAsync(OrganizationId owner, string unit, bool toGive, CancellationToken ct)
    {
        var held = (await organizations.HoldAsync([owner], ct)).GetValueOrDefault(owner);
        if (held is null || !CreditAccounts.HasCredit(held) || !principal.Scope.Contains(held.Path))
            return LedgerRefusals.NotAnAccount("/organizationId", owner.Value);
        if (toGive && !CreditAccounts.MayGive(principal.Scope, held.Path, unit))
            return LedgerRefusals.NotTheGiver;
        var opened = await accounts.OpenAsync(held.Id, held.Path, [AccountKind.Prepaid], [unit], ct);
        await accounts.LockAsync([held.Id.Value], [unit], ct);
        return new HeldAccount(held, opened[(AccountKind.Prepaid, unit)].Id);
    }
}
