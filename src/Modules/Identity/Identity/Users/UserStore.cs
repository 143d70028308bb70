using System.Text;
using Licensing.Identity.Data;
using Licensing.Kernel.Persistence;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Licensing.Identity.Users;

/// <summary>
/// ASP.NET Core Identity's users are our aggregate (ADR 0009). It changes what the unit of work saves, so nothing is written here but
/// the recovery codes, which are not part of the aggregate.
/// </summary>
internal sealed class UserStore(IdentityDb db, DbSession session, SecretBox secrets)
    : IUserPasswordStore<User>, IUserTwoFactorStore<User>, IUserAuthenticatorKeyStore<User>, IUserTwoFactorRecoveryCodeStore<User>
{
    public Task<IdentityResult> CreateAsync(User user, CancellationToken cancellationToken)
    {
        db.Add(user);
        return Succeeded;
    }

    public Task<IdentityResult> UpdateAsync(User user, CancellationToken cancellationToken) => Succeeded;

    // History names its people for ever; whoever leaves is disabled.
    public Task<IdentityResult> DeleteAsync(User user, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Users are never deleted.");

    public Task<User?> FindByIdAsync(string userId, CancellationToken cancellationToken)
    {
        var id = new UserId(Guid.Parse(userId));
        return db.Users.SingleOrDefaultAsync(x => x.Id == id, cancellationToken);
    }

    public Task<User?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) =>
        db.Users.SingleOrDefaultAsync(x => x.Email == normalizedUserName, cancellationToken);

    public Task<string> GetUserIdAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.Id.Value.ToString());

    public Task<string?> GetUserNameAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Email);

    public Task<string?> GetNormalizedUserNameAsync(User user, CancellationToken cancellationToken) => Task.FromResult<string?>(user.Email);

    // The aggregate keeps its address normalised and changes it by itself.
    public Task SetUserNameAsync(User user, string? userName, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SetNormalizedUserNameAsync(User user, string? normalizedName, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task SetPasswordHashAsync(User user, string? passwordHash, CancellationToken cancellationToken)
    {
        user.KeepHash(passwordHash);
        return Task.CompletedTask;
    }

    public Task<string?> GetPasswordHashAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.PasswordHash);

    public Task<bool> HasPasswordAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.PasswordHash is not null);

    public Task SetTwoFactorEnabledAsync(User user, bool enabled, CancellationToken cancellationToken)
    {
        user.RequireCode(enabled);
        return Task.CompletedTask;
    }

    public Task<bool> GetTwoFactorEnabledAsync(User user, CancellationToken cancellationToken) => Task.FromResult(user.MfaEnabled);

    public Task SetAuthenticatorKeyAsync(User user, string key, CancellationToken cancellationToken)
    {
        user.KeepAuthenticatorKey(secrets.Seal(Encoding.ASCII.GetBytes(key)));
        return Task.CompletedTask;
    }

    public Task<string?> GetAuthenticatorKeyAsync(User user, CancellationToken cancellationToken) =>
        Task.FromResult(user.SealedAuthenticatorKey is { } key ? Encoding.ASCII.GetString(secrets.Open(key)) : null);

    public async Task ReplaceCodesAsync(User user, IEnumerable<string> recoveryCodes, CancellationToken cancellationToken)
    {
        await using var delete = await session.CommandAsync(
            "delete from identity.recovery_codes where user_id = $1", cancellationToken, user.Id.Value);
        await delete.ExecuteNonQueryAsync(cancellationToken);
        await using var insert = await session.CommandAsync(
            "insert into identity.recovery_codes (user_id, code_hash) select $1, unnest($2)", cancellationToken,
            user.Id.Value, recoveryCodes.Select(Digest).ToArray());
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    // One statement, so that of two log-ins with one code one gets in.
    public async Task<bool> RedeemCodeAsync(User user, string code, CancellationToken cancellationToken)
    {
        await using var delete = await session.CommandAsync(
            "delete from identity.recovery_codes where user_id = $1 and code_hash = $2", cancellationToken, user.Id.Value, Digest(code));
        return await delete.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    public async Task<int> CountCodesAsync(User user, CancellationToken cancellationToken)
    {
        await using var count = await session.CommandAsync(
            "select count(*)::int from identity.recovery_codes where user_id = $1", cancellationToken, user.Id.Value);
        return (int)(await count.ExecuteScalarAsync(cancellationToken))!;
    }

    public void Dispose()
    {
    }

    private static Task<IdentityResult> Succeeded => Task.FromResult(IdentityResult.Success);

    // Keyed: fifty bits could be tried out by whoever reads only the database. Case, spaces and dashes are how people copy.
    private byte[] Digest(string code) =>
        secrets.Digest(Encoding.UTF8.GetBytes(new string([.. code.Where(char.IsLetterOrDigit)]).ToUpperInvariant()));
}
