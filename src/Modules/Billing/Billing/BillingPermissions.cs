using Licensing.Identity.Contracts;

namespace Licensing.Billing;

internal static class BillingPermissions
{
    public const string RunsStart = "billing.runs.start";
    public const string RunsRead = "billing.runs.read";
    public const string RunsConfirm = "billing.runs.confirm";
    public const string InvoicesRead = "billing.invoices.read";
    public const string InvoicesIssue = "billing.invoices.issue";
    public const string SummariesRead = "billing.summaries.read";
    public const string TaxRatesRead = "billing.tax_rates.read";
    public const string TaxRatesManage = "billing.tax_rates.manage";

    public const string CreditRead = "billing.credit.read";
    public const string CreditTopUp = "billing.credit.top_up";

    public static IReadOnlyList<Permission> All { get; } =
    [
        new(RunsStart, "Start billing runs.", Roles.PlatformAdministrator, Roles.PlatformService),
        new(RunsRead, "See billing runs and who they left out.", Roles.PlatformAdministrator, Roles.PlatformReader, Roles.PlatformService),
        new(RunsConfirm, "Let a billing run go on that somebody else started and that is held.", Roles.PlatformAdministrator),
        new(InvoicesRead, "Read invoices and their lines.", Roles.Readers),
        new(InvoicesIssue, "Issue drafted invoices.", Roles.PlatformAdministrator),
        new(SummariesRead, "Read what is billed and what would be.", Roles.Readers),
        new(TaxRatesRead, "Read tax rates.", Roles.ChannelReaders),
        new(TaxRatesManage, "Set tax rates.", Roles.PlatformAdministrator),
        new(CreditRead, "See prepaid credit and what was done with it.", Roles.ChannelReaders),
        new(CreditTopUp, "Add prepaid credit to partners.", Roles.PlatformAdministrator, Roles.DistributorAdministrator),
    ];
}
