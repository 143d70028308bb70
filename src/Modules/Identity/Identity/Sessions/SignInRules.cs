using Licensing.Identity.Contracts;
using Licensing.Identity.Federation;
using Licensing.Identity.LoginLinks;
using Licensing.Identity.Rights;
using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>What the settings of a user's organisation, and of those above it, ask of how he logs in. Asked again at every refresh.</summary>
internal sealed class SignInRules(
    IOrganizationSettings settings, IdentityProviders providers, LoginLinkRight links, RolePermissions roles, DbSession session)
{
    /// <summary>Why he may not enter, or go on, this way, or null.</summary>
    public async Task<Refusal?> RefuseAsync(User user, SignIn how, CancellationToken ct)
    {
        if (how.Way is SessionWay.LoginLink)
            return await links.StandsAsync(session, how.LinkMaker!.Value, user.Id, user.OwnerPath, ct) ? null : LoginLinkRefusals.Withdrawn;
        var asked = await settings.SignInAsync(user.OwnerPath, ct);
        return how.Way switch
        {
            // The platform's own people always may: someone must get in when a provider is out of order, or a setting was wrong.
            SessionWay.Password => asked.PasswordLogin || OrganizationPath.LevelOf(user.OwnerPath) == OrganizationKind.Platform
                ? null
                : SessionRefusals.PasswordLoginOff,
            SessionWay.Provider => providers.Find(how.Provider!) is null || asked.FederationProviders?.Contains(how.Provider!) == false
                ? SessionRefusals.ProviderOff(how.Provider!)
                : null,
            _ => SessionRefusals.BadRefreshToken,
        };
    }

    /// <summary>How long a session of his may last, and whether it opens nothing until it has shown a second factor.</summary>
    public async Task<(TimeSpan Longest, bool Enrolment)> OfSessionAsync(User user, bool secondFactor, CancellationToken ct)
    {
        var asked = await settings.SignInAsync(user.OwnerPath, ct);
        // Also where he has one: a session that has not shown it may be that of someone who only knows the password.
        var needed = !secondFactor && asked.MfaRequired switch
        {
            MfaRequirement.None => false,
            MfaRequirement.All => true,
            _ => await AdministersAsync(user.Id, ct),
        };
        return (TimeSpan.FromHours(asked.SessionHours), needed);
    }

    // By what he holds and not by what it is called. The whole of it, suspended or not: the branch may be resumed while the session lasts.
    private async Task<bool> AdministersAsync(UserId id, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(HeldRole.OfUser, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = id.Value } } };
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var held = HeldRole.Read(reader);
            if (roles.Of(held.Role, held.Custom, onlyReading: false, scopes: []).Overlaps(IdentityPermissions.Administrative))
                return true;
        }

        return false;
    }
}
