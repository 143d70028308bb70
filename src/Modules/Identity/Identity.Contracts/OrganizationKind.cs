namespace Licensing.Identity.Contracts;

/// <summary>The four levels of the tree; each organisation's parent is of the level above.</summary>
public enum OrganizationKind
{
    /// <summary>The owner of the system; exactly one.</summary>
    Platform,
    /// <summary>Sells through partners.</summary>
    Distributor,
    /// <summary>Sells to tenants.</summary>
    Partner,
    /// <summary>The end customer.</summary>
    Tenant,
}
