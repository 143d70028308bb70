using System.Text;
using Licensing.Identity.Data;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Licensing.Identity.Users;

/// <summary>Tells the user, where there is one; at most once a day, or whoever guesses could fill his mailbox.</summary>
internal sealed class TellWhenLoginLocked(IdentityDb db, DbSession session, SecretBox secrets, Letters letters, TimeProvider clock)
    : IHandle<LoginLocked>
{
    public static readonly TimeSpan Spacing = TimeSpan.FromDays(1);

    public async Task HandleAsync(LoginLocked message, CancellationToken ct)
    {
        var name = Encoding.UTF8.GetString(secrets.Open(message.SealedName));
        if (await db.Users.AsNoTracking().WhereMayEnter(db).SingleOrDefaultAsync(x => x.Email == name || x.Username == name, ct) is not { } user)
            return;
        var now = clock.GetUtcNow();
        await using var notice = new NpgsqlCommand(
            """
            insert into identity.lock_notices as n (user_id, sent_at) values ($1, $2)
            on conflict (user_id) do update set sent_at = $2 where n.sent_at <= $3
            """, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = user.Id.Value }, new() { Value = now }, new() { Value = now - Spacing } } };
        if (await notice.ExecuteNonQueryAsync(ct) == 1)
            letters.LoginWasLocked(user);
    }
}
