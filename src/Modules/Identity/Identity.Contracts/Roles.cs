namespace Licensing.Identity.Contracts;

/// <summary>The predefined roles: sets of permissions, held at one organisation, reaching exactly its subtree.</summary>
public static class Roles
{
    /// <summary>Everything, everywhere.</summary>
    public const string PlatformAdministrator = nameof(PlatformAdministrator);
    /// <summary>Reads everything.</summary>
    public const string PlatformReader = nameof(PlatformReader);
    /// <summary>For machines of the platform: ingests usage, runs jobs.</summary>
    public const string PlatformService = nameof(PlatformService);
    /// <summary>Runs a distributor's branch.</summary>
    public const string DistributorAdministrator = nameof(DistributorAdministrator);
    /// <summary>Reads a distributor's branch.</summary>
    public const string DistributorReader = nameof(DistributorReader);
    /// <summary>Runs a partner's branch.</summary>
    public const string PartnerAdministrator = nameof(PartnerAdministrator);
    /// <summary>Reads a partner's branch.</summary>
    public const string PartnerReader = nameof(PartnerReader);
    /// <summary>Runs a tenant.</summary>
    public const string TenantAdministrator = nameof(TenantAdministrator);
    /// <summary>Uses a tenant's licences; reads them.</summary>
    public const string TenantUser = nameof(TenantUser);

    /// <summary>All nine, highest level first.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        PlatformAdministrator, PlatformReader, PlatformService, DistributorAdministrator, DistributorReader, PartnerAdministrator, PartnerReader,
        TenantAdministrator, TenantUser,
    ];

    /// <summary>Those that only the platform's own administrators hold what is marked with it.</summary>
    public static IReadOnlyList<string> Platform { get; } = [PlatformAdministrator];

    /// <summary>The administrators down to the partners.</summary>
    public static IReadOnlyList<string> ChannelAdministrators { get; } = [PlatformAdministrator, DistributorAdministrator, PartnerAdministrator];

    /// <summary>Administrators and readers of platform, distributors and partners, and the platform's machines.</summary>
    public static IReadOnlyList<string> ChannelReaders { get; } =
        [PlatformAdministrator, PlatformReader, PlatformService, DistributorAdministrator, DistributorReader, PartnerAdministrator, PartnerReader];

    /// <summary>Everyone but <see cref="TenantUser"/>.</summary>
    public static IReadOnlyList<string> Readers { get; } = [.. ChannelReaders, TenantAdministrator];
}
