using Licensing.Identity.Contracts;
using Licensing.Identity.Organizations;
using Licensing.Identity.Sessions;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Licensing.Identity.Users;

/// <summary>
/// Makes the first platform administrator where there is none, from the settings <c>Platform:AdministratorEmail</c> and
/// <c>AdministratorPassword</c>; without the latter the password is made up and left for the host to print.
/// </summary>
internal sealed class FirstAdministrator(
    NpgsqlDataSource database, Passwords passwords, FirstStart firstStart, IConfiguration configuration, TimeProvider clock) : IPreparation
{
    private const string Exists = "select exists (select from identity.role_assignments where role = 'PlatformAdministrator')";

    public async Task PrepareAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        if (await ExistsAsync(connection, ct))
            return;

        var email = (configuration["Platform:AdministratorEmail"] ?? "admin@platform.example").ToLowerInvariant();
        var preset = configuration["Platform:AdministratorPassword"];
        var password = string.IsNullOrEmpty(preset) ? InitialPassword.New() : preset;
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Of several hosts that start together on an empty database one makes the account, and the others see it.
        await using (var locking = new NpgsqlCommand("lock table identity.role_assignments in share row exclusive mode", connection, transaction))
            await locking.ExecuteNonQueryAsync(ct);
        if (await ExistsAsync(connection, ct))
            return;
        await InsertAsync(connection, transaction, email, passwords.Hash(password), ct);
        // Not interrupted: the password is known only here. If the host dies before it prints it, ops users reset-password makes another.
        await transaction.CommitAsync(CancellationToken.None);
        if (string.IsNullOrEmpty(preset))
            (firstStart.AdministratorEmail, firstStart.AdministratorPassword) = (email, password);
    }

    private async Task InsertAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string email, string hash, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        await using var insert = new NpgsqlCommand(
            """
            with platform as (select id from identity.organizations where kind = 'Platform'),
            administrator as (
                insert into identity.users
                    (id, organization_id, owner_path, email, display_name, password_hash, must_change_password, credentials_changed_at,
                     created_at, version)
                select $1, platform.id, $2, $3, 'Platform administrator', $4, $5, $6, $6, 1 from platform
                returning id, organization_id)
            insert into identity.role_assignments (id, user_id, role, organization_id, owner_path, created_at, version)
            select $7, id, 'PlatformAdministrator', organization_id, $2, $6, 1 from administrator
            """, connection, transaction);
        var mustChange = !configuration.GetValue("Demo:Enabled", false);
        foreach (var value in new object[] { Id.New<UserId>(now).Value, PlatformRoot.Path, email, hash, mustChange, now, Id.NewGuid(now) })
            insert.Parameters.Add(new() { Value = value });
        await insert.ExecuteNonQueryAsync(ct);
    }

    private static async Task<bool> ExistsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Exists, connection);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }
}
