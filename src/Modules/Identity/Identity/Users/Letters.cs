using Licensing.Identity.Data;
using Licensing.Kernel.Mail;
using Microsoft.Extensions.Configuration;

namespace Licensing.Identity.Users;

/// <summary>What users are told by mail.</summary>
internal sealed class Letters(IdentityDb db, Post post, PublicAddress address, LetterLimits limits, IConfiguration configuration)
{
    private string Platform => configuration["Platform:Name"] ?? "Platform";

    /// <returns>Why it is not sent, nor what goes with it done.</returns>
    public async Task<Refusal?> InviteAsync(User user, string token, CancellationToken ct)
    {
        if (await limits.RefuseAsync([user.Email], ct) is { } refusal)
            return refusal;
        Invite(user, token);
        return null;
    }

    private void Invite(User user, string token) => Send(user.Email, "Your account", $"""
        Hello {user.DisplayName},

        an account has been made for you. Choose a password to activate it:

        {address.Link("activate", token)}

        The link works once and for {OneTimeTokens.LifeOf(TokenPurpose.Activation).Days} days.
        """);

    public void ResetPassword(User user, string token) => Send(user.Email, "A new password", $"""
        Hello {user.DisplayName},

        someone asked for a new password for your account. Choose it here:

        {address.Link("reset-password", token)}

        The link works once and for {OneTimeTokens.LifeOf(TokenPurpose.PasswordReset).Hours} hour. If it was not you, there is nothing to do.
        """);

    public void PasswordWasReset(User user) => Warn(user, user.Email, "Your password was changed by a link that was sent to this address.");

    public void PasswordWasChanged(User user) => Warn(user, user.Email, "Your password was changed.");

    public void PasswordWasGiven(User user) => Warn(user, user.Email, "An operator of the platform gave your account a new password.");

    public void SecondFactorWasSetUp(User user) =>
        Warn(user, user.Email, "A second factor was set up for your account; log-ins ask for its code from now on.");

    public void SecondFactorWasRemoved(User user) => Warn(user, user.Email, "The second factor of your account was removed.");

    public void SecondFactorWasReset(User user) => Warn(user, user.Email, "An administrator removed the second factor of your account.");

    public void IdentityWasLinked(User user, string provider) =>
        Warn(user, user.Email, $"Your account was linked with an account at {provider}; it opens yours from now on.");

    public void IdentityWasUnlinked(User user, string provider) =>
        Warn(user, user.Email, $"An administrator took away the link of your account with one at {provider}, and ended your sessions.");

    /// <summary>At both addresses, or whoever takes one over hears of it alone.</summary>
    /// <returns>Why it is not told, and must not be done.</returns>
    public async Task<Refusal?> AddressWasChangedAsync(User user, string before, CancellationToken ct)
    {
        if (await limits.RefuseAsync([before, user.Email], ct) is { } refusal)
            return refusal;
        Warn(user, before, "An administrator gave your account another e-mail address.");
        Warn(user, user.Email, "An administrator made this the e-mail address of your account.");
        return null;
    }

    public void LoginWasLocked(User user) => Send(user.Email, "Log-ins to your account failed", $"""
        Hello {user.DisplayName},

        log-ins to your account failed so often that further ones are refused for some minutes. If it was not you, someone guesses at your
        password; he has not found it by that. This is told at most once a day.
        """);

    private void Warn(User user, string to, string what) => Send(to, "Your account was changed", $"""
        Hello {user.DisplayName},

        {what} If you did not expect it, tell your administrator.
        """);

    private void Send(string to, string subject, string text) =>
        post.Send(db, new Letter(to, $"{Platform}: {subject}".ReplaceLineEndings(" "), text));
}
