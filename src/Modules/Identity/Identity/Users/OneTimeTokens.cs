using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Licensing.Identity.Data;
using Licensing.Identity.Sessions;
using Licensing.Kernel.Persistence;

namespace Licensing.Identity.Users;

/// <summary>
/// Tokens that a mail carries, each good for one use: at most one per user and purpose, the newest. Only digests are kept. Whoever
/// redeems one deletes it in the transaction of its effect, so that of two who try at once one succeeds, and none is lost to a refusal.
/// </summary>
internal sealed class OneTimeTokens(DbSession session, AuditTrail audit, TimeProvider clock)
{
    public static TimeSpan LifeOf(TokenPurpose purpose) => purpose is TokenPurpose.Activation ? TimeSpan.FromDays(7) : TimeSpan.FromHours(1);

    /// <param name="user">Whose; his row must be there.</param>
    /// <param name="purpose">What for.</param>
    /// <param name="spacing">How old the one before must be.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Null when the one before is too young.</returns>
    public async Task<string?> IssueAsync(User user, TokenPurpose purpose, TimeSpan spacing, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        await using var issue = await session.CommandAsync(
            """
            insert into identity.one_time_tokens as t (user_id, purpose, token_hash, created_at, expires_at) values ($1, $2, $3, $4, $5)
            on conflict (user_id, purpose) do update set token_hash = $3, created_at = $4, expires_at = $5 where t.created_at <= $6
            """, ct, user.Id.Value, purpose.ToString(), SessionTokens.Digest(token), now, now + LifeOf(purpose), now - spacing);
        if (await issue.ExecuteNonQueryAsync(ct) == 0)
            return null;
        var change = new JsonObject { ["old"] = null, ["new"] = purpose.ToString() };
        audit.Note("user", user.Id.Value.ToString(), user.OwnerPath, new JsonObject { ["oneTimeToken"] = change });
        return token;
    }

    /// <summary>Also holds its user's row until the transaction ends, so that no log-in happens beside what follows.</summary>
    /// <returns>Whose it was; null when it is unknown, used or expired.</returns>
    public async Task<UserId?> RedeemAsync(string token, TokenPurpose purpose, CancellationToken ct)
    {
        var digest = SessionTokens.Digest(token);
        await using var find = await session.CommandAsync("select user_id from identity.one_time_tokens where token_hash = $1", ct, digest);
        if (await find.ExecuteScalarAsync(ct) is not Guid id)
            return null;
        // The user before his token, in the order of those who change him, or the two would wait for each other.
        await session.LockUserAsync(new UserId(id), alone: true, ct);
        await using var redeem = await session.CommandAsync(
            "delete from identity.one_time_tokens where token_hash = $1 and purpose = $2 and expires_at > $3",
            ct, digest, purpose.ToString(), clock.GetUtcNow());
        return await redeem.ExecuteNonQueryAsync(ct) == 1 ? new UserId(id) : null;
    }

    /// <summary>Makes worthless what was sent to him before.</summary>
    public async Task VoidAsync(UserId id, CancellationToken ct)
    {
        await using var delete = await session.CommandAsync("delete from identity.one_time_tokens where user_id = $1", ct, id.Value);
        await delete.ExecuteNonQueryAsync(ct);
    }
}
