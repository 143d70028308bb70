using System.Collections.Frozen;

namespace Licensing.Identity.Federation;

/// <summary>An issuer whose word is taken for who someone is, as the settings describe it.</summary>
internal sealed class IdentityProvider
{
    private const string AnyTenant = "*";
    private const string TenantPlaceholder = "{tenantid}";
    private static readonly string[] MultiTenant = ["organizations", "common"];

    private readonly FrozenSet<string> _clientIds;
    private readonly FrozenSet<string> _tenants;
    private readonly FrozenSet<string> _domains;

    /// <exception cref="InvalidOperationException">The settings cannot work.</exception>
    public IdentityProvider(string name, ProviderSettings settings)
    {
        Name = name;
        Preset = settings.Preset;
        ClientIds = settings.ClientIds;
        _clientIds = settings.ClientIds.ToFrozenSet(StringComparer.Ordinal);
        _tenants = settings.AllowedTenants.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        _domains = settings.HostedDomains.ToFrozenSet(StringComparer.OrdinalIgnoreCase);
        // What an Entra token says of e-mail is its directory's administrator's word, and anybody can have a directory.
        LinksByEmail = settings.AllowEmailLink ?? settings.Preset is not FederationPreset.Entra;
        LinksPlatformUsers = settings.LinkPlatformUsers;
        TrustsMfa = settings.TrustMfa;
        Authority = (settings.Authority ?? settings.Preset switch
        {
            FederationPreset.Entra => "https://login.microsoftonline.com/organizations/v2.0",
            FederationPreset.Google => "https://accounts.google.com",
            _ => throw Wrong("Authority", "is missing"),
        }).TrimEnd('/');
        if (!Uri.TryCreate(Authority, UriKind.Absolute, out var address) || !MayBeAsked(address)
            || address.Query.Length > 0 || address.Fragment.Length > 0)
            throw Wrong("Authority", "must be an https address (http only on this machine), without query or fragment");
        if (_clientIds.Count == 0 || _clientIds.Any(string.IsNullOrWhiteSpace))
            throw Wrong("ClientIds", "must name at least one client id: tokens for others must not open a session here");
        Issuer = Preset is FederationPreset.Entra ? EntraIssuer(address) : Authority;
    }

    public string Name { get; }

    public FederationPreset Preset { get; }

    public string Authority { get; }

    public IReadOnlyList<string> ClientIds { get; }

    public bool LinksByEmail { get; }

    public bool LinksPlatformUsers { get; }

    public bool TrustsMfa { get; }

    /// <summary>What its discovery document must call itself; with Entra's shared directories a template.</summary>
    public string Issuer { get; }

    /// <summary>Whether <paramref name="address"/> may be asked: nobody on the way may answer in the issuer's place.</summary>
    public static bool MayBeAsked(Uri address) => address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback);

    /// <summary>
    /// The issuer that a token may name, as it is kept; null where the token may not enter. Google's two spellings are one issuer, or a
    /// subject would be two people.
    /// </summary>
    public string? IssuerOf(IdTokenClaims claims) => Preset switch
    {
        FederationPreset.Entra => OfTenant(claims),
        FederationPreset.Google when claims.Issuer == Issuer
            || claims.Issuer == Issuer[(Issuer.IndexOf("://", StringComparison.Ordinal) + 3)..] => Issuer,
        _ => claims.Issuer == Issuer ? Issuer : null,
    };

    /// <summary>Entra names with each key whose tokens it signs.</summary>
    public bool IsKeyFor(string? keyIssuer, string issuer, IdTokenClaims claims) =>
        keyIssuer is null || keyIssuer.Replace(TenantPlaceholder, claims.Text("tid"), StringComparison.Ordinal) == issuer;

    public bool IsOurs(string clientId) => _clientIds.Contains(clientId);

    public bool MayEnter(IdTokenClaims claims) =>
        Preset is not FederationPreset.Google || _domains.Count == 0 || (claims.Text("hd") is { } domain && _domains.Contains(domain));

    /// <summary>The address, where this issuer may be believed that it is its user's own.</summary>
    public string? VerifiedEmailOf(IdTokenClaims claims)
    {
        // Other letters have twins among these: the Kelvin sign becomes a k when it is made lower case, and then finds someone else.
        if (!LinksByEmail || claims.Text("email") is not { Length: > 2 and <= 254 } email || !email.All(c => c is > ' ' and < '\x7f')
            || email.IndexOf('@', StringComparison.Ordinal) < 1)
            return null;
        var verified = Preset switch
        {
            FederationPreset.Entra => claims.Says("xms_edov"),
            // Of an address elsewhere Google knows only that it was its user's once.
            FederationPreset.Google => claims.Says("email_verified")
                && (claims.Text("hd") is not null || email.EndsWith("@gmail.com", StringComparison.OrdinalIgnoreCase)),
            _ => claims.Says("email_verified"),
        };
        return verified ? email.ToLowerInvariant() : null;
    }

    private string? OfTenant(IdTokenClaims claims)
    {
        if (claims.Text("tid") is not { } tenant || !Guid.TryParseExact(tenant, "D", out _))
            return null;
        if (!_tenants.Contains(AnyTenant) && _tenants.Count > 0 && !_tenants.Contains(tenant))
            return null;
        var issuer = Issuer.Replace(TenantPlaceholder, tenant, StringComparison.Ordinal);
        return claims.Issuer == issuer && issuer.Contains(tenant, StringComparison.Ordinal) ? issuer : null;
    }

    private string EntraIssuer(Uri address)
    {
        if (address.AbsolutePath.Split('/') is not ["", var tenant, "v2.0"])
            throw Wrong("Authority", "must end in /{tenant}/v2.0 with the preset Entra");
        if (_tenants.FirstOrDefault(t => t != AnyTenant && !Guid.TryParseExact(t, "D", out _)) is { } odd)
            throw Wrong("AllowedTenants", $"names '{odd}', which is not a directory's id");
        if (Guid.TryParseExact(tenant, "D", out _))
            return Authority;
        if (!MultiTenant.Contains(tenant))
            throw Wrong("Authority", "must name a directory by its id, or organizations or common");
        if (_tenants.Count == 0)
            throw Wrong("AllowedTenants", "must name the directories that may enter, or * for any");
        return $"{address.GetLeftPart(UriPartial.Authority)}/{TenantPlaceholder}/v2.0";
    }

    private InvalidOperationException Wrong(string setting, string why) => new($"Federation:Providers:{Name}:{setting} {why}.");
}
