using Licensing.Catalog.Contracts;

namespace Licensing.Provisioning;

/// <summary>Section <c>Provisioning</c> of the configuration.</summary>
internal sealed record ProvisioningSettings
{
    /// <summary>How many months back a subscription may start where the caller may back-date at all.</summary>
    public int BackdateMonths { get; init; } = 13;

    /// <summary>What demo licences are of while no edition of the catalogue is the demo.</summary>
    public DemoSettings Demo { get; init; } = new();
}

/// <summary>Section <c>Provisioning:Demo</c>.</summary>
internal sealed record DemoSettings
{
    public string Code { get; init; } = "DEMO";

    public string Name { get; init; } = "Demo license";

    public string Quantity { get; init; } = "1 user";

    public LicenseEditionRef Edition =>
        new(default, Code, 0, null, Quantity, null, 0, [], new Dictionary<string, string> { ["EN"] = Name }, IsDemo: true);
}
