using Licensing.Identity.Data;

namespace Licensing.Identity.Users;

/// <summary>Sends an invited user the token with which he chooses his password; the one before is worthless from then on.</summary>
internal sealed class Invitations(IdentityDb db, OneTimeTokens tokens, Letters letters)
{
    /// <returns>Why it is not sent.</returns>
    public async Task<Refusal?> SendAsync(User user, CancellationToken ct)
    {
        // The token's row refers to the user's.
        await db.SaveChangesAsync(ct);
        return await letters.InviteAsync(user, (await tokens.IssueAsync(user, TokenPurpose.Activation, TimeSpan.Zero, ct))!, ct);
    }
}
