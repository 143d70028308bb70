using Licensing.Identity.Contracts;

namespace Licensing.Provisioning;

internal static class ProvisioningPermissions
{
    public const string SubscriptionsRead = "provisioning.subscriptions.read";
    public const string SubscriptionsManage = "provisioning.subscriptions.manage";
    public const string SubscriptionsOpen = "provisioning.subscriptions.open";
    public const string SubscriptionsBackdate = "provisioning.subscriptions.backdate";
    public const string SeatsRead = "provisioning.seats.read";
    public const string SeatsManage = "provisioning.seats.manage";

    public const string QuotasRequest = "provisioning.quotas.request";
    public const string QuotasDecide = "provisioning.quotas.decide";
    public const string LicensesRead = "provisioning.licenses.read";
    public const string LicensesManage = "provisioning.licenses.manage";
    public const string CreditRead = "provisioning.credit.read";

    public const string NumbersRead = "provisioning.numbers.read";
    public const string NumbersAllocate = "provisioning.numbers.allocate";
    public const string NumbersLoad = "provisioning.numbers.load";

    public const string CustomersRead = "provisioning.customers.read";
    public const string CustomersManage = "provisioning.customers.manage";

    /// <summary>Of certificates alone: no role has it, and their door takes nobody else.</summary>
    public const string SignedUpdate = "provisioning.seats.sign";

    public static IReadOnlyList<Permission> All { get; } =
    [
        new(SubscriptionsRead, "See subscriptions and their history", Roles.All),
        // Tenants only where the settings delegate it to them.
        new(SubscriptionsOpen, "Open subscriptions", [.. Roles.ChannelAdministrators, Roles.TenantAdministrator]),
        new(SubscriptionsManage, "Change, suspend, resume and cancel subscriptions", Roles.ChannelAdministrators),
        new(SubscriptionsBackdate, "Open subscriptions that started in the past", Roles.PlatformAdministrator),
        new(SeatsRead, "See a tenant's seats, features and entitlements", Roles.All),
        new(SeatsManage, "Change a tenant's seats and features", Roles.ChannelAdministrators),
        new(QuotasRequest, "Ask for other quotas", [.. Roles.ChannelAdministrators, Roles.TenantAdministrator]),
        // Not those in between: what they granted their own branch, the platform would have to deliver.
        new(QuotasDecide, "Approve and refuse quota requests", Roles.Platform),
        new(LicensesRead, "See licences", Roles.All),
        new(LicensesManage, "Assign, activate, cancel and renew licences with the partner's prepaid credit", Roles.ChannelAdministrators),
        new(CreditRead, "See one's own prepaid credit in the customer area", Roles.ChannelReaders),
        new(NumbersRead, "See inbound numbers, and which can be allocated", Roles.All),
        new(NumbersAllocate, "Allocate inbound numbers to tenants and release them", Roles.ChannelAdministrators),
        // Not those in between: whoever puts a number into a pool must own it.
        new(NumbersLoad, "Load inbound numbers into pools and withdraw them", Roles.Platform),
        new(CustomersRead, "See one's customers, their licences and those that can be assigned, in the customer area", Roles.ChannelReaders),
        new(CustomersManage, "Open customers, set their passwords and log them in through the customer area", Roles.ChannelAdministrators),
        new(SignedUpdate, "Change and delete customers' licences by signed requests; of certificates alone", []),
    ];
}
