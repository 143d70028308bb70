using Licensing.Identity.Users;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Identity;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>Proves a second factor: a code of the user's authenticator, or one of his recovery codes. Each is taken once.</summary>
internal sealed class SecondFactor(UserManager<User> users, DbSession session, TimeProvider clock)
{
    public const int LongestCode = 50;

    public async Task<bool> ProveAsync(User user, string code, CancellationToken ct)
    {
        var typed = code.Replace(" ", "", StringComparison.Ordinal);
        return typed.Length == Totp.Digits
            ? await ProveTotpAsync(user, typed, ct)
            : (await users.RedeemTwoFactorRecoveryCodeAsync(user, typed)).Succeeded;
    }

    public async Task<bool> ProveTotpAsync(User user, string code, CancellationToken ct) =>
        await users.GetAuthenticatorKeyAsync(user) is { } key
        && Totp.StepOf(key, code, clock.GetUtcNow()) is { } step
        && await TakeAsync(user.Id, step, ct);

    // Nor one older than the last, so that a code looked over someone's shoulder is worth nothing once he has logged in.
    private async Task<bool> TakeAsync(UserId id, long step, CancellationToken ct)
    {
        await using var take = new NpgsqlCommand(
            """
            insert into identity.totp_steps as t (user_id, last_step) values ($1, $2)
            on conflict (user_id) do update set last_step = $2 where t.last_step < $2
            """, await session.OpenAsync(ct), session.Transaction)
        { Parameters = { new() { Value = id.Value }, new() { Value = step } } };
        return await take.ExecuteNonQueryAsync(ct) == 1;
    }
}
