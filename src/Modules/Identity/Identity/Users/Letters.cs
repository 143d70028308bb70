using Licensing.Identity.Data;
using Licensing.Kernel.Mail;
using Microsoft.Extensions.Configuration;

namespace Licensing.Identity.Users;

/// <summary>Where links in mails lead: <c>Platform:PublicUrl</c>.</summary>
internal sealed class PublicAddress
{
    private readonly string _base;

    public PublicAddress(IConfiguration configuration)
    {
        _base = configuration["Platform:PublicUrl"] ?? "http://localhost:5000";
        // Only the operator's setting is used, never the Host header of a request, which a stranger writes.
        if (!Uri.TryCreate(_base, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new InvalidOperationException($"Platform:PublicUrl must be an absolute http or https address, not '{_base}'.");
    }

    /// <summary>In the fragment, which browsers send to no server and no proxy's log.</summary>
    public string Link(string page, string token) => $"{_base.TrimEnd('/')}/{page}#token={token}";
}

/// <summary>What users are told by mail.</summary>
internal sealed class Letters(IdentityDb db, Post post, PublicAddress address, IConfiguration configuration)
{
    private string Platform => configuration["Platform:Name"] ?? "Platform";

    public void Invite(User user, string token) => Send(user.Email, "Your account", $"""
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

    public void SecondFactorWasReset(User user) => Warn(user, user.Email, "An administrator removed the second factor of your account.");

    public void AddressWasChanged(User user, string before) => Warn(user, before, "An administrator gave your account another e-mail address.");

    private void Warn(User user, string to, string what) => Send(to, "Your account was changed", $"""
        Hello {user.DisplayName},

        {what} If you did not expect it, tell your administrator.
        """);

    private void Send(string to, string subject, string text) => post.Send(db, new Letter(to, $"{Platform}: {subject}".ReplaceLineEndings(" "), text));
}
