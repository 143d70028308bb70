using Licensing.Identity.Users;
using Licensing.Kernel.Messaging;
using Licensing.Kernel.Persistence;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Licensing.Identity.Sessions;

/// <summary>
/// Rotates the signing key when it has reached its age, and removes tokens, keys and counts of log-ins that nobody can use any more.
/// </summary>
internal sealed class TokenChore(
    NpgsqlDataSource database, IServiceScopeFactory scopes, LoginAttempts attempts, MessagingSettings messaging, TokenSettings settings,
    TimeProvider clock, ILogger<TokenChore> log)
    : IChore
{
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (await NewestSignsFromAsync(ct) + settings.RotateKeysAfter <= now)
            await RotateAsync(ct);

        var removed = await DeleteAsync("signing_keys", "ends_at < $1", now, ct);
        // Not before it has ended by every host's clock, or one that is behind would take it again.
        removed += await DeleteAsync("revoked_access_tokens", "ends_at < $1", now - HostClocks.Slack, ct);
        removed += await DeleteAsync("used_assertions", "ends_at < $1", now - HostClocks.Slack, ct);
        // Not before the access token is over that was made with it, or whoever ended the session would find that token good again.
        removed += await DeleteAsync("refresh_tokens", "expires_at < $1", now - AccessTokens.Lifetime, ct);
        removed += await DeleteAsync(
            "sessions", "created_at < $1 and not exists (select from identity.refresh_tokens t where t.session_id = sessions.id)",
            now - settings.SessionIdle - AccessTokens.Lifetime, ct);
        removed += await DeleteAsync("letter_counts", "since < $1", now - LetterLimits.Window, ct);
        removed += await attempts.ForgetOldAsync(messaging.HousekeepingBatch, ct);
        await ForgetAnswersAsync(now - RefreshSession.RetryWithin, ct);
        return removed;
    }

    private Task<int> DeleteAsync(string table, string where, DateTimeOffset before, CancellationToken ct) =>
        BoundedDelete.RunAsync(database, $"identity.{table}", where, before, messaging.HousekeepingBatch, ct);

    private async Task<DateTimeOffset?> NewestSignsFromAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand("select max(signs_from) from identity.signing_keys");
        return await command.ExecuteScalarAsync(ct) is DateTime found ? new DateTimeOffset(found, TimeSpan.Zero) : null;
    }

    // By the command that the terminal sends: it lets only one of several hosts through.
    private async Task RotateAsync(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<Principal>().Become(Access.System);
        if ((await scope.ServiceProvider.GetRequiredService<ISender>().Send(new RotateSigningKeys.Command(), ct)).Refused(out _, out var rotated))
            return;
        log.LogInformation("Signing key {Kid} signs from {SignsFrom}.", rotated.Kid, rotated.SignsFrom);
    }

    private async Task ForgetAnswersAsync(DateTimeOffset before, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            "update identity.refresh_tokens set sealed_answer = null where sealed_answer is not null and used_at < $1");
        command.Parameters.Add(new() { Value = before });
        await command.ExecuteNonQueryAsync(ct);
    }
}
