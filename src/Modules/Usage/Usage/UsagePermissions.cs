using Licensing.Identity.Contracts;

namespace Licensing.Usage;

internal static class UsagePermissions
{
    public const string Ingest = "usage.records.ingest";
    public const string Read = "usage.records.read";

    public static IReadOnlyList<Permission> All { get; } =
    [
        new(Ingest, "Send usage records for subscriptions within reach.",
            Roles.PlatformAdministrator, Roles.PlatformService, Roles.DistributorAdministrator, Roles.PartnerAdministrator),
        new(Read, "Read usage records and their totals.", Roles.Readers),
    ];
}
