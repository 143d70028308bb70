namespace Licensing.Identity.Federation;

/// <summary>How an issuer's tokens deviate from plain OpenID Connect.</summary>
internal enum FederationPreset { None, Entra, Google }
