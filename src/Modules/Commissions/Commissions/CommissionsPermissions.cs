using Licensing.Identity.Contracts;

namespace Licensing.Commissions;

internal static class CommissionsPermissions
{
    public const string SchemesRead = "commissions.schemes.read";
    public const string SchemesManage = "commissions.schemes.manage";
    public const string StatementsRead = "commissions.statements.read";
    public const string PeriodsClose = "commissions.periods.close";
    public const string PayoutsManage = "commissions.payouts.manage";
    public const string BankAccountsRead = "commissions.bankaccounts.read";
    public const string BankAccountsManage = "commissions.bankaccounts.manage";

    public static IReadOnlyList<Permission> All { get; } =
    [
        new(SchemesRead, "Read commission schemes.", Roles.ChannelReaders),
        // Whoever earns by a scheme must not be the one who sets it.
        new(SchemesManage, "Set commission schemes.", Roles.PlatformAdministrator),
        new(StatementsRead, "Read commissions and statements.", Roles.ChannelReaders),
        new(PeriodsClose, "Close a period's commissions.", Roles.PlatformAdministrator, Roles.PlatformService),
        new(BankAccountsRead, "Read where organisations are paid.", Roles.ChannelReaders),
        new(BankAccountsManage, "Say where organisations are paid.", Roles.PlatformAdministrator, Roles.DistributorAdministrator,
            Roles.PartnerAdministrator),
        new(PayoutsManage, "Order payments and record what became of payouts.", Roles.PlatformAdministrator, Roles.PlatformService),
    ];
}
