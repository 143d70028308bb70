using Licensing.Identity.Contracts;

namespace Licensing.Usage;

internal static class UsagePermissions
{
    public const string Ingest = "usage.records.ingest";
    public const string Correct = "usage.records.correct";
    public const string ThresholdsManage = "usage.thresholds.manage";
    public const string Read = "usage.records.read";

    public static IReadOnlyList<Permission> All { get; } =
    [
        new(Ingest, "Send usage records for subscriptions within reach.",
            Roles.PlatformAdministrator, Roles.PlatformService, Roles.DistributorAdministrator, Roles.PartnerAdministrator),
        new(Correct, "Reverse or replace usage records of subscriptions within reach.",
            Roles.PlatformAdministrator, Roles.PlatformService, Roles.DistributorAdministrator, Roles.PartnerAdministrator),
        new(ThresholdsManage, "Make, change and delete thresholds of usage within reach.",
            Roles.PlatformAdministrator, Roles.DistributorAdministrator, Roles.PartnerAdministrator, Roles.TenantAdministrator),
        new(Read, "Read usage records and their totals.", Roles.Readers),
    ];
}
