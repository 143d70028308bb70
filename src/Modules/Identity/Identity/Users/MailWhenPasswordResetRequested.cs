using Licensing.Identity.Data;
using Licensing.Kernel.Messaging;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Users;

/// <summary>
/// Sends the mail, where there is someone to send it to. Anyone may ask in his name, and the newest token alone works: so rarely that whoever
/// gets a mail has the time to use it before a stranger makes it worthless by asking again.
/// </summary>
internal sealed class MailWhenPasswordResetRequested(IdentityDb db, OneTimeTokens tokens, Letters letters) : IHandle<PasswordResetRequested>
{
    public static readonly TimeSpan Spacing = TimeSpan.FromMinutes(15);

    public async Task HandleAsync(PasswordResetRequested message, CancellationToken ct)
    {
        var user = await db.Users.AsNoTracking().WhereMayEnter(db).SingleOrDefaultAsync(x => x.Email == message.Email && !x.FederatedOnly, ct);
        if (user is not null && await tokens.IssueAsync(user, TokenPurpose.PasswordReset, Spacing, ct) is { } token)
            letters.ResetPassword(user, token);
    }
}
