using Microsoft.AspNetCore.Identity;

namespace Licensing.Identity.Users;

/// <summary>Setting up and ending a second factor, on the framework's keys and recovery codes.</summary>
internal sealed class Enrolment(UserManager<User> users, Principal principal, TimeProvider clock)
{
    /// <summary>How long a key waits for its first code.</summary>
    public static readonly TimeSpan ConfirmWithin = TimeSpan.FromMinutes(15);

    private const int RecoveryCodes = 10;

    /// <summary>Makes a key that asks for nothing before its first code has been seen.</summary>
    public async Task<string> BeginAsync(User user)
    {
        await users.ResetAuthenticatorKeyAsync(user);
        user.BeginMfa(principal.Access.SessionId, clock.GetUtcNow());
        return (await users.GetAuthenticatorKeyAsync(user))!;
    }

    /// <returns>Recovery codes, which are not kept in clear.</returns>
    public async Task<IReadOnlyList<string>> CompleteAsync(User user)
    {
        await users.SetTwoFactorEnabledAsync(user, true);
        return [.. (await users.GenerateNewTwoFactorRecoveryCodesAsync(user, RecoveryCodes))!];
    }

    public async Task EndAsync(User user)
    {
        await users.SetTwoFactorEnabledAsync(user, false);
        user.KeepAuthenticatorKey(null);
        await users.GenerateNewTwoFactorRecoveryCodesAsync(user, 0);
    }
}
