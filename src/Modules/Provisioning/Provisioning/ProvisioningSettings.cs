namespace Licensing.Provisioning;

/// <summary>Section <c>Provisioning</c> of the configuration.</summary>
internal sealed record ProvisioningSettings
{
    /// <summary>How many months back a subscription may start where the caller may back-date at all.</summary>
    public int BackdateMonths { get; init; } = 13;
}
