using Licensing.Identity.Users;

namespace Licensing.Identity.Sessions;

/// <summary>Whose password it was, and which of his passwords: whoever acts on it later looks whether that is still his.</summary>
/// <param name="UserId">Whose.</param>
/// <param name="PasswordNumber">Which.</param>
/// <param name="NeedsCode">He has a second factor: without its code this proves nothing yet, and the try stays counted.</param>
internal sealed record ProvenPassword(UserId UserId, int PasswordNumber, bool NeedsCode)
{
    /// <summary>The same password hashed as the settings are now, where they rose since.</summary>
    public string? NewHash { get; init; }

    public override string ToString() => $"{UserId}";
}
