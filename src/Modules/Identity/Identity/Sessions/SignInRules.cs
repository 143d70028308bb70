using Licensing.Identity.Contracts;
using Licensing.Identity.Data;
using Licensing.Identity.Users;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Sessions;

/// <summary>How someone has just proved who he is.</summary>
/// <param name="Password">Whether by a password of ours.</param>
/// <param name="Provider">The other issuer that says so.</param>
/// <param name="SecondFactor">Whether a second factor was part of it.</param>
internal sealed record SignIn(bool Password, string? Provider, bool SecondFactor)
{
    /// <summary>By a link that was made for him.</summary>
    public static SignIn ByLink { get; } = new(false, null, false);

    public static SignIn ByPassword(bool secondFactor) => new(true, null, secondFactor);

    public static SignIn ByProvider(string provider, bool secondFactor) => new(false, provider, secondFactor);
}

/// <summary>What the settings of a user's organisation, and of those above it, ask of how he logs in.</summary>
internal sealed class SignInRules(IOrganizationSettings settings, IdentityDb db)
{
    /// <summary>Why he may not enter this way, or null.</summary>
    public async Task<Refusal?> RefuseAsync(User user, SignIn how, CancellationToken ct)
    {
        var asked = await settings.SignInAsync(user.OwnerPath, ct);
        // The platform's own people always may: someone must get in when a provider is out of order, or a setting was wrong.
        if (how.Password && !asked.PasswordLogin && OrganizationPath.LevelOf(user.OwnerPath) != OrganizationKind.Platform)
            return SessionRefusals.PasswordLoginOff;
        return how.Provider is { } provider && asked.FederationProviders?.Contains(provider) == false ? SessionRefusals.ProviderOff(provider) : null;
    }

    /// <summary>How long a session of his may last, and whether it opens nothing until he has set up a second factor.</summary>
    public async Task<(TimeSpan Longest, bool Enrolment)> OfSessionAsync(User user, bool secondFactor, CancellationToken ct)
    {
        var asked = await settings.SignInAsync(user.OwnerPath, ct);
        // Also once he has set one up: this session has not shown it, and may be that of someone who only knows the password.
        var needed = !secondFactor && asked.MfaRequired switch
        {
            MfaRequirement.None => false,
            MfaRequirement.All => true,
            _ => await db.RoleAssignments.AnyAsync(x => x.UserId == user.Id && x.Role.EndsWith("Administrator"), ct),
        };
        return (TimeSpan.FromHours(asked.SessionHours), needed);
    }
}
