namespace Licensing.Identity.Federation;

/// <summary>Section <c>Federation:Providers:&lt;name&gt;</c>.</summary>
internal sealed record ProviderSettings
{
    public bool Enabled { get; init; } = true;

    public FederationPreset Preset { get; init; }

    /// <summary>Its discovery document lies below this address; the presets have one of their own.</summary>
    public string? Authority { get; init; }

    /// <summary>Our applications there: the audiences that its tokens may be for.</summary>
    public IReadOnlyList<string> ClientIds { get; init; } = [];

    /// <summary>Entra: the directories (<c>tid</c>) that may enter; <c>*</c> is any.</summary>
    public IReadOnlyList<string> AllowedTenants { get; init; } = [];

    /// <summary>Google: the Workspace domains (<c>hd</c>) that may enter; empty is any account.</summary>
    public IReadOnlyList<string> HostedDomains { get; init; } = [];

    /// <summary>Whether a verified e-mail address finds the user at the first log-in; by default yes, but not with Entra.</summary>
    public bool? AllowEmailLink { get; init; }

    /// <summary>Whether that also holds for users of the platform itself.</summary>
    public bool LinkPlatformUsers { get; init; }

    /// <summary>Whether the issuer's word (<c>amr</c> holds <c>mfa</c>) stands for the user's own second factor.</summary>
    public bool TrustMfa { get; init; }
}
