namespace Licensing.Identity.Contracts;

/// <summary>Who needs a second factor; each is stricter than the one before.</summary>
public enum MfaRequirement
{
    /// <summary>Nobody.</summary>
    None,
    /// <summary>Whoever holds an administrator's role.</summary>
    Administrators,
    /// <summary>Everyone.</summary>
    All,
}
