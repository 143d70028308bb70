namespace Licensing.Identity.Sessions;

/// <summary>By what a session was opened.</summary>
internal enum SessionWay
{
    /// <summary>From before it was kept; such a session is not gone on with.</summary>
    Unknown,
    Password,
    /// <summary>Another issuer's ID token.</summary>
    Provider,
    LoginLink,
}
