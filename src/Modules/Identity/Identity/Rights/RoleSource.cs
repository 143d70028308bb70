namespace Licensing.Identity.Rights;

internal enum RoleSource
{
    /// <summary>Given to the user himself.</summary>
    User,
    /// <summary>Held by his organisation.</summary>
    Account,
}
