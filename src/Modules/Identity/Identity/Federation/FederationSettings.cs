namespace Licensing.Identity.Federation;

/// <summary>Section <c>Federation</c> of the configuration.</summary>
internal sealed record FederationSettings
{
    /// <summary>How long an issuer's keys are used without asking it again.</summary>
    public TimeSpan KeysFreshFor { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long they are still used while it does not answer; after that nobody enters through it.</summary>
    public TimeSpan KeysUsableFor { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The least time between two questions to one issuer, whatever unknown keys strangers name.</summary>
    public TimeSpan RefreshAtMostEvery { get; init; } = TimeSpan.FromMinutes(1);

    public Dictionary<string, ProviderSettings> Providers { get; init; } = [];
}
