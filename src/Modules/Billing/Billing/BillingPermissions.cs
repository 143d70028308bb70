using Licensing.Identity.Contracts;

namespace Licensing.Billing;

internal static class BillingPermissions
{
    public const string RunsStart = "billing.runs.start";
    public const string RunsRead = "billing.runs.read";
    public const string RunsConfirm = "billing.runs.confirm";
    public const string InvoicesRead = "billing.invoices.read";
    public const string InvoicesIssue = "billing.invoices.issue";
    public const string InvoicesVoid = "billing.invoices.void";
    public const string InvoicesCredit = "billing.invoices.credit";
    public const string PaymentsRecord = "billing.payments.record";
    public const string LedgerExport = "billing.ledger.export";
    public const string LedgerClose = "billing.ledger.close";
    public const string SummariesRead = "billing.summaries.read";
    public const string TaxRatesRead = "billing.tax_rates.read";
    public const string TaxRatesManage = "billing.tax_rates.manage";

    public const string CreditRead = "billing.credit.read";
    public const string AccountsRead = "billing.accounts.read";
    public const string CreditTopUp = "billing.credit.top_up";
    public const string CreditDebit = "billing.credit.debit";
    public const string CreditReverse = "billing.credit.reverse";
    public const string CreditTransfer = "billing.credit.transfer";
    public const string CreditWatch = "billing.credit.watch";

    public const string CouponsRead = "billing.coupons.read";
    public const string CouponsManage = "billing.coupons.manage";
    public const string CouponsRedeem = "billing.coupons.redeem";
    public const string CreditsRead = "billing.credits.read";
    public const string CreditsGrant = "billing.credits.grant";

    public static IReadOnlyList<Permission> All { get; } =
    [
        new(RunsStart, "Start billing runs.", Roles.PlatformAdministrator, Roles.PlatformService),
        new(RunsRead, "See billing runs and who they left out.", Roles.PlatformAdministrator, Roles.PlatformReader, Roles.PlatformService),
        new(RunsConfirm, "Let a billing run go on that somebody else started and that is held.", Roles.PlatformAdministrator),
        new(InvoicesRead, "Read invoices and their lines.", Roles.Readers),
        new(InvoicesIssue, "Issue drafted invoices.", Roles.PlatformAdministrator),
        new(InvoicesVoid, "Void drafts and unpaid invoices.", Roles.PlatformAdministrator),
        new(InvoicesCredit, "Issue credit notes.", Roles.PlatformAdministrator),
        new(PaymentsRecord, "Record payments of invoices.", Roles.PlatformAdministrator, Roles.PlatformService),
        new(LedgerExport, "Export the journal of a month.", Roles.PlatformAdministrator, Roles.PlatformReader, Roles.PlatformService),
        new(LedgerClose, "Close a month of the journal, by the first export of it.", Roles.PlatformAdministrator, Roles.PlatformService),
        new(SummariesRead, "Read what is billed and what would be.", Roles.Readers),
        new(TaxRatesRead, "Read tax rates.", Roles.ChannelReaders),
        new(TaxRatesManage, "Set tax rates.", Roles.PlatformAdministrator),
        new(CreditRead, "See prepaid credit and what was done with it.", Roles.Readers),
        new(AccountsRead, "See the accounts of the reseller service with their balances.", Roles.ChannelReaders),
        new(CreditTopUp, "Add prepaid credit to who stands below, also by rule; partners credits only.", [.. Roles.ChannelAdministrators]),
        new(CreditTransfer, "Move prepaid credit between accounts.", [.. Roles.ChannelAdministrators]),
        new(CreditWatch, "Say when it is told that prepaid credit is low.", [.. Roles.ChannelAdministrators]),
        new(CouponsRead, "See coupons and who has redeemed them.", Roles.ChannelReaders),
        new(CouponsManage, "Make coupons.", Roles.PlatformAdministrator),
        new(CouponsRedeem, "Redeem coupons for tenants.", Roles.PlatformAdministrator),
        new(CreditsRead, "See the credits of tenants and what is left of them.", Roles.Readers),
        new(CreditsGrant, "Grant credits to tenants.", Roles.PlatformAdministrator),
        new(CreditDebit, "Take something from prepaid credit.", [.. Roles.ChannelAdministrators, Roles.PlatformService]),
        new(CreditReverse, "Give back what was debited.", Roles.PlatformAdministrator, Roles.DistributorAdministrator, Roles.PlatformService),
    ];
}
