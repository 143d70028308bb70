namespace Licensing.Identity.Contracts;

/// <summary>
/// What the host must tell its operator once: the password made up for the first platform administrator. Null in every process but the
/// one that made the account, and where a setting gave the password.
/// </summary>
public sealed class FirstStart
{
    /// <summary>With whose e-mail address to log in.</summary>
    public string? AdministratorEmail { get; set; }

    /// <summary>The password, kept nowhere else in clear.</summary>
    public string? AdministratorPassword { get; set; }
}
