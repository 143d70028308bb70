using Licensing.Catalog.Contracts;

namespace Licensing.Provisioning;

/// <summary>Section <c>Provisioning</c> of the configuration.</summary>
internal sealed record ProvisioningSettings
{
    private const int LongestQuarantine = 3650;

    /// <summary>How many months back a subscription may start where the caller may back-date at all.</summary>
    public int BackdateMonths { get; init; } = 13;

    /// <summary>How many days a released number is nobody else's, 0 to 3650.</summary>
    public int NumberQuarantineDays { get; init; } = 30;

    /// <summary>What demo licences are of while no edition of the catalogue is the demo.</summary>
    public DemoSettings Demo { get; init; } = new();

    /// <summary>Itself; a value out of its range stops the start, where someone sees it.</summary>
    public ProvisioningSettings Checked() => NumberQuarantineDays is >= 0 and <= LongestQuarantine
        ? this with { Demo = Demo.Checked() }
        : throw new InvalidOperationException($"Provisioning:NumberQuarantineDays must be 0 to {LongestQuarantine}, not {NumberQuarantineDays}.");
}

/// <summary>Section <c>Provisioning:Demo</c>.</summary>
internal sealed record DemoSettings
{
    // As of an edition of the catalogue.
    private const int LongestCode = 50, LongestName = 200, LongestQuantity = 100;

    public string Code { get; init; } = "DEMO";

    public string Name { get; init; } = "Demo license";

    public string Quantity { get; init; } = "1 user";

    public DemoSettings Checked()
    {
        foreach (var (name, value, longest) in new[]
        {
            ("Code", Code, LongestCode), ("Name", Name, LongestName), ("Quantity", Quantity, LongestQuantity),
        })
            if (string.IsNullOrWhiteSpace(value) || value.Length > longest)
                throw new InvalidOperationException($"Provisioning:Demo:{name} must have 1 to {longest} characters.");
        return this;
    }

    public LicenseEditionRef Edition =>
        new(default, Code, 0, null, Quantity, null, 0, [], new Dictionary<string, string> { ["EN"] = Name }, IsDemo: true);
}
