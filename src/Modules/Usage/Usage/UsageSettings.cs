namespace Licensing.Usage;

/// <summary>Section <c>Usage</c> of the configuration.</summary>
internal sealed record UsageSettings
{
    /// <summary>How many months a record is kept and recognised, and so how old one may be when it comes in.</summary>
    public int RetentionMonths { get; init; } = 13;
}
